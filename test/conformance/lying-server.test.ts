import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import type { Handlers } from "../../rpc/server/implement.js";
import { startPeer } from "../client/peer.js";
import { heldClient } from "./held/hold.js";
import { dial, oneServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";
import { getBatch, specBytes, type WireBatch } from "./wire.js";

const honest = oneServer(test);
const { hold, carriers } = heldClient(test, { deadlineMs: 20_000 });

type Response = Messages["StreamResponse"];

/** What a peer answers to the want of a step, given the honest answer. */
type Lie = (batch: WireBatch) => readonly Response[];

/** The honest answer to Start. */
function started({ specSha256, timeline, rank, ranks }: Messages["Start"]): Response {
  return {
    kind: "started",
    started: { digest: Buffer.from(specSha256).toString("hex"), timeline, rank, ranks, readsPace: false },
  };
}

function stepsOf({ firstStep, count }: Messages["Want"]): number[] {
  return Array.from({ length: count }, (_, index) => firstStep + index);
}

/** A server that answers every want with the messages of `lie`. */
async function startLiar(t: ExecutionContext, lie: Lie, spec: object): Promise<string> {
  const channel = dial(t, await honest());
  const stream: Handlers<"DataService">["stream"] = async ({ requests, send }) => {
    for await (const request of requests) {
      if (request.kind === "start") await send(started(request.start));
      if (request.kind !== "want") continue;
      for (const step of stepsOf(request.want)) {
        const batch = await getBatch(channel, { spec: specBytes(spec), step });
        for (const message of lie(batch)) await send(message);
      }
    }
  };
  return startPeer(t, channel, { stream });
}

/** What a client says of a lie that comes by `carrier`; what carried it is no part of how it is read. */
async function deliveredBy(
  t: ExecutionContext,
  lie: Lie,
  { spec = SMALL_RUN, carrier = "grpc" }: { readonly spec?: object; readonly carrier?: Carrier } = {},
): Promise<PatchstreamError | undefined> {
  const address = await startLiar(t, lie, spec);
  const run = await hold(t, address, { carrier }).openRun(spec, { creditBatches: 1 });
  return t.throwsAsync<PatchstreamError>(async () => {
    for await (const batch of run.batches()) t.fail(`step ${batch.step} was delivered`);
  });
}

const begin = (changes: (honest: Messages["BatchBegin"]) => Partial<Messages["BatchBegin"]>): Lie => {
  return ({ begin, bytes, checksum }) => [
    { kind: "batchBegin", batchBegin: { ...begin, ...changes(begin) } },
    { kind: "chunk", chunk: { step: begin.step, offset: 0, data: bytes } },
    { kind: "batchEnd", batchEnd: { step: begin.step, checksum } },
  ];
};

test("a patch of another size than its stage's is PATCH_MISMATCH, before memory is taken for it", async (t) => {
  const grown = begin(({ tensors }) => ({
    tensors: tensors.map((tensor) => ({
      ...tensor,
      shape: [...tensor.shape.slice(0, -1), 1_000_000_000],
      byteLength: 2 ** 40,
    })),
  }));
  for (const carrier of await carriers()) {
    const error = await deliveredBy(t, grown, { carrier });
    t.regex(
      error?.message ?? "",
      /step 0 came with image f32 6x1x8x8x1000000000 .*; its stage has image f32 6x1x8x8x8 /,
    );
  }
});

test("tensors of another type, count or batch than the run's are refused", async (t) => {
  const f16 = begin(({ tensors: [image, label] }) => ({
    tensors: [{ ...image, type: "f16" } as Messages["Tensor"], label as Messages["Tensor"]],
  }));
  t.regex((await deliveredBy(t, f16))?.message ?? "", /came with image f16 .*; its stage has image f32/);
  t.is(
    (
      await deliveredBy(
        t,
        begin(() => ({ globalBatch: 7 })),
      )
    )?.code,
    "PATCH_MISMATCH",
  );
  t.is(
    (
      await deliveredBy(
        t,
        begin(({ tensors }) => ({ tensors: tensors.slice(0, 1) })),
      )
    )?.code,
    "INTERNAL",
  );
});

test("labels of deep supervision that are missing or of another size are refused", async (t) => {
  const deep = { ...SMALL_RUN, deepSupervision: true };
  const withoutLast = begin(({ tensors }) => ({ tensors: tensors.slice(0, 3) }));
  t.regex(
    (await deliveredBy(t, withoutLast, { spec: deep }))?.message ?? "",
    /other tensors than image, label, label_1, label_2/,
  );
  const turned = begin(({ tensors }) => ({
    tensors: tensors.map((tensor) => (tensor.name === "label_2" ? { ...tensor, shape: [6, 2, 4, 1] } : tensor)),
  }));
  const error = await deliveredBy(t, turned, { spec: deep });
  t.regex(error?.message ?? "", /came with label_2 u8 6x2x4x1 .*; its stage has label_2 u8 6x2x2x2 /);
});

const broken: readonly (readonly [name: string, lie: Lie, reason: RegExp])[] = [
  ["a batch that was not wanted", begin(() => ({ step: 17 })), /step 17 of stage 0 came, which was not wanted/],
  [
    "a chunk outside of a batch",
    ({ bytes }) => [{ kind: "chunk", chunk: { step: 0, offset: 0, data: bytes } }],
    /outside of a batch/,
  ],
  [
    "a chunk that leaves a gap",
    ({ begin, bytes }) => [
      { kind: "batchBegin", batchBegin: begin },
      { kind: "chunk", chunk: { step: 0, offset: 8, data: bytes.subarray(8) } },
    ],
    /at 8 came after 0 bytes/,
  ],
  [
    "more bytes than the batch has",
    ({ begin, bytes }) => [
      { kind: "batchBegin", batchBegin: begin },
      { kind: "chunk", chunk: { step: 0, offset: 0, data: Buffer.concat([bytes, bytes]) } },
    ],
    /came after 0 bytes/,
  ],
  [
    "fewer bytes than the batch has",
    ({ begin, bytes }) => [
      { kind: "batchBegin", batchBegin: begin },
      { kind: "chunk", chunk: { step: 0, offset: 0, data: bytes.subarray(8) } },
      { kind: "batchEnd", batchEnd: { step: 0, checksum: 0 } },
    ],
    /bytes came/,
  ],
  [
    "a batch inside of another",
    ({ begin }) => [
      { kind: "batchBegin", batchBegin: begin },
      { kind: "batchBegin", batchBegin: begin },
    ],
    /inside of another/,
  ],
  ["an end without a begin", () => [{ kind: "batchEnd", batchEnd: { step: 0, checksum: 0 } }], /that had not begun/],
];

for (const [name, lie, reason] of broken)
  test(`${name} is asked for again on a new stream, three times, and then the server is refused with an error that says so`, async (t) => {
    let lies = 0;
    const error = await deliveredBy(t, (batch) => {
      lies++;
      return lie(batch);
    });
    t.is(lies, 4);
    t.is(error?.code, "INTERNAL");
    t.regex(error?.message ?? "", reason);
  });

test("a begin that was changed on its way is asked for again, three times, and is never delivered", async (t) => {
  const changes: readonly ((honest: Messages["BatchBegin"]) => Partial<Messages["BatchBegin"]>)[] = [
    ({ addressChecksum }) => ({ addressChecksum: addressChecksum ^ 1 }),
    ({ samples }) => ({ samples: samples && { ...samples, start: samples.start.map((voxel) => voxel + 1) } }),
  ];
  for (const change of changes) {
    let lies = 0;
    const error = await deliveredBy(t, (batch) => {
      lies++;
      return begin(change)(batch);
    });
    t.is(lies, 4);
    t.is(error?.code, "MESSAGE_DAMAGED");
  }
});

test("after a report what was wanted from its step on is wanted again right behind it, naming its stage", async (t) => {
  const channel = dial(t, await honest());
  const received: string[] = [];
  let halfway: () => void = () => {};
  const isHalfway = new Promise<void>((resolve) => {
    halfway = resolve;
  });
  const batchOf = async (step: number, stage: number) =>
    begin(() => ({}))(await getBatch(channel, { spec: specBytes(SMALL_RUN), step, stage }));
  const address = await startPeer(t, channel, {
    stream: async ({ requests, send }) => {
      for await (const request of requests) {
        if (request.kind === "start") await send(started(request.start));
        else if (request.kind === "want") {
          for (const step of stepsOf(request.want)) {
            const { stage = 0 } = request.want;
            if (step < 3) received.push(`want ${step} at stage ${stage}`);
            const [first, chunk, end] = (await batchOf(step, stage)) as [Response, Response, Response];
            if (stage === 0 && step > 1) continue;
            await send(first);
            await send(chunk);
            if (stage === 1 || step === 0) await send(end);
            else halfway();
          }
        } else if (request.kind === "stageReport") {
          const { stage, fromStep } = request.stageReport;
          received.push(`stage ${stage} from ${fromStep}`);
          await send({ kind: "stageApplied", stageApplied: { stage, fromStep } });
          await send({ kind: "batchEnd", batchEnd: { step: fromStep, checksum: 0 } });
        }
      }
    },
  });
  const client = hold(t, address, { carrier: "grpc" }); // where what is sent by one connection keeps its order
  const run = await client.openRun(SMALL_RUN, { creditBatches: 2, to: 3 });
  const stages: number[] = [];
  for await (const { stage } of run.batches()) {
    stages.push(stage);
    if (stages.length > 1) continue;
    await isHalfway;
    await client.describeRun(SMALL_RUN); // whose answer comes behind what has been sent of step 1
    await run.changeStage({ stage: 1, fromStep: "immediate", hold: true, reason: "test" });
  }
  t.deepEqual(stages, [0, 1, 1]);
  const before = ["want 0 at stage 0", "want 1 at stage 0", "want 2 at stage 0"];
  t.deepEqual(received, [...before, "stage 1 from 1", "want 1 at stage 1", "want 2 at stage 1"]);
});

test("a step that has come from elsewhere is cancelled where it was asked for first", async (t) => {
  const channel = dial(t, await honest());
  const asked = new Set<number>();
  const cancelled: number[] = [];
  let told: () => void = () => {};
  const isTold = new Promise<void>((resolve) => {
    told = resolve;
  });
  const silent = await startPeer(t, channel, {
    stream: async ({ requests, send }) => {
      for await (const request of requests) {
        if (request.kind === "start") await send(started(request.start));
        if (request.kind === "want") for (const step of stepsOf(request.want)) asked.add(step);
        if (request.kind !== "cancel") continue;
        cancelled.push(...stepsOf(request.cancel));
        told();
        await send({ kind: "cancelled", cancelled: request.cancel });
      }
    },
  });
  const client = hold(t, [silent, (await honest()).address], { carrier: "grpc" });
  const run = await client.openRun(SMALL_RUN, { creditBatches: 6 });
  for await (const { step } of run.batches()) {
    if (step < 12) continue;
    await isTold;
    break;
  }
  for (const step of cancelled) t.true(asked.has(step), `step ${step} had been asked for`);
});

test("a stream whose Started or StageApplied is not what was sent is opened anew", async (t) => {
  const channel = dial(t, await honest());
  let streams = 0;
  const address = await startPeer(t, channel, {
    stream: async ({ requests, send }) => {
      const stream = ++streams;
      for await (const request of requests) {
        if (request.kind === "start") await send(started({ ...request.start, rank: stream === 1 ? 1 : 0 }));
        else if (request.kind === "stageReport")
          await send({ kind: "stageApplied", stageApplied: { stage: 2, fromStep: 1 } });
        else if (request.kind === "want") {
          const { stage = 0 } = request.want;
          for (const step of stepsOf(request.want)) {
            const batch = await getBatch(channel, { spec: specBytes(SMALL_RUN), step, stage });
            for (const message of begin(() => ({}))(batch)) await send(message);
          }
        }
      }
    },
  });
  const run = await hold(t, address, { carrier: "auto" }).openRun(SMALL_RUN, { creditBatches: 1, to: 3 });
  const stages: number[] = [];
  for await (const { step, stage } of run.batches()) {
    stages.push(stage);
    if (step === 0) await run.changeStage({ stage: 1, fromStep: 1, hold: true, reason: "test" });
  }
  t.deepEqual(stages, [0, 1, 1]);
  t.is(streams, 3);
});

test("an empty message is refused over gRPC, and says over a lane that its sender lives", async (t) => {
  const channel = dial(t, await honest());
  const address = await startPeer(t, channel, {
    stream: async ({ requests, send }) => {
      for await (const request of requests) {
        if (request.kind === "start") await send(started(request.start));
        if (request.kind !== "want") continue;
        await send({});
        for (const step of stepsOf(request.want)) {
          const batch = await getBatch(channel, { spec: specBytes(SMALL_RUN), step });
          for (const message of begin(() => ({}))(batch)) await send(message);
        }
      }
    },
  });
  const take = async (carrier: "grpc" | "lane") => {
    const run = await hold(t, address, { carrier }).openRun(SMALL_RUN, { creditBatches: 1, to: 1 });
    for await (const batch of run.batches()) t.is(batch.carrier, carrier);
  };
  const error = await t.throwsAsync(take("grpc"));
  t.regex(error?.message ?? "", /an empty message came/);
  if ((await carriers()).includes("lane")) await take("lane");
});
