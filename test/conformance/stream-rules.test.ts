import { crc32 } from "node:zlib";
import { status } from "@grpc/grpc-js";
import test from "ava";
import type { Messages } from "../../proto/messages.js";
import { CHUNK_BYTES } from "../../rpc/codec/framing.js";
import { testsOfAnyCarrier } from "./carrier.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "./small-run.js";
import { describe, getBatch, otherOrder, specBytes, start, type WireStream } from "./wire.js";

const server = oneServer(test);
const testOfAnyCarrier = testsOfAnyCarrier(test);

function labelShape(begin: Messages["BatchBegin"]): readonly number[] | undefined {
  return begin.tensors.find(({ name }) => name === "label")?.shape;
}

test("every wanted step is answered by exactly one batch, in step order, and nothing is sent unasked", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(5, 2);
  stream.want(2);
  const steps = [await stream.batch(), await stream.batch(), await stream.batch()].map(({ begin }) => begin.step);
  t.deepEqual(
    steps.toSorted((a, b) => a - b),
    [2, 5, 6],
  );
  t.true(steps.indexOf(5) < steps.indexOf(6));
  stream.send({ kind: "stop", stop: {} });
  t.is(await stream.next(), undefined);
});

test("a batch is its begin, chunks of at most 1 MiB without gaps, and its end; its checksum is zlib's CRC-32", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(16);
  const { begin, bytes, checksum, chunks } = await stream.batch();
  t.deepEqual(
    begin.tensors.map(({ name, type, shape }) => ({ name, type, shape })),
    [
      { name: "image", type: "f32", shape: [3, 1, 40, 56, 40] },
      { name: "label", type: "u8", shape: [3, 40, 56, 40] },
    ],
  );
  t.like(begin, { timeline: "TIMELINE_TRAIN", step: 16, stage: 2, globalBatch: 3 });
  t.is(bytes.length, STAGE_BYTES[2]);
  t.is(checksum, crc32(bytes));
  t.true(chunks.length > 1);
  let offset = 0;
  for (const chunk of chunks) {
    t.is(chunk.offset, offset);
    t.true(chunk.length <= CHUNK_BYTES);
    offset += chunk.length;
  }
});

testOfAnyCarrier(
  "a want without a stage gets the scheduled one, and wants run across a scheduled transition",
  async (t) => {
    const stream = await start(dial(t, await server()));
    stream.want(STAGE_STEPS - 1, 2);
    t.like((await stream.batch()).begin, { step: 7, stage: 0 });
    const next = await stream.batch();
    t.like(next.begin, { step: 8, stage: 1 });
    t.deepEqual(labelShape(next.begin), [4, 16, 16, 16]);
  },
);

testOfAnyCarrier("a want with a stage gets that stage, whatever the schedule says", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(0, 1, 2);
  const { begin } = await stream.batch();
  t.like(begin, { step: 0, stage: 2 });
  t.deepEqual(labelShape(begin), [3, 40, 56, 40]);
});

test("GetBatch sends the same frames and bytes as the stream, and so does any other server", async (t) => {
  const [one, other] = [dial(t, await server()), dial(t, await startServer(t, { workers: 2 }))];
  const stream = await start(one);
  for (const step of [0, 9, 23]) {
    stream.want(step);
    const streamed = await stream.batch();
    for (const channel of [one, other]) t.deepEqual(await getBatch(channel, { step }), streamed);
  }
});

testOfAnyCarrier(
  "DescribeRun tells the bytes that each stage's batch then has, and resolves its own answer to itself",
  async (t) => {
    const channel = dial(t, await server());
    const info = await describe(channel);
    t.deepEqual(
      info.train?.stages.map(({ shares }) => shares[0]?.byteLength),
      STAGE_BYTES,
    );
    const resolved = JSON.parse(Buffer.from(info.spec).toString());
    const again = await describe(channel, resolved);
    t.is(again.digest, info.digest);
    t.deepEqual(again.spec, info.spec);
  },
);

testOfAnyCarrier(
  "rank r of n gets the samples j with j mod n = r: the union over ranks is the whole batch for every n",
  async (t) => {
    const channel = dial(t, await server());
    const whole = await getBatch(channel, { step: 8 });
    const sampleBytes = 16 ** 3;
    const rows = (bytes: Buffer, samples: number) =>
      Array.from({ length: samples }, (_, row) => [
        bytes.subarray(4 * row * sampleBytes, 4 * (row + 1) * sampleBytes),
        bytes.subarray((4 * samples + row) * sampleBytes, (4 * samples + row + 1) * sampleBytes),
      ]);
    const expected = rows(whole.bytes, 4);
    for (const ranks of [1, 2, 3]) {
      const shares = await Promise.all(
        Array.from({ length: ranks }, (_, rank) => getBatch(channel, { step: 8, rank, ranks })),
      );
      for (const [rank, { begin, bytes }] of shares.entries()) {
        const samples = Math.ceil((4 - rank) / ranks);
        t.is(begin.globalBatch, 4);
        t.deepEqual(
          rows(bytes, samples),
          expected.filter((_, sample) => sample % ranks === rank),
        );
      }
    }
  },
);

testOfAnyCarrier(
  "with deep supervision a batch has after its label one of each further decoder level, on both timelines",
  async (t) => {
    const channel = dial(t, await server());
    const deep = { ...SMALL_RUN, deepSupervision: true };
    const [plainRun, deepRun] = [await describe(channel), await describe(channel, deep)];
    t.not(deepRun.digest, plainRun.digest);
    for (const [timeline, step, sizes] of [
      ["TIMELINE_TRAIN", 0, ["6,8,8,8", "6,4,4,4", "6,2,2,2"]],
      ["TIMELINE_TRAIN", 16, ["3,40,56,40", "3,20,28,20", "3,10,14,10"]],
      ["TIMELINE_VAL", 2, ["3,40,56,40", "3,20,28,20", "3,10,14,10"]],
    ] as const) {
      const plain = await getBatch(channel, { timeline, step });
      const { begin, bytes, checksum } = await getBatch(channel, { spec: specBytes(deep), timeline, step });
      const [image, ...labels] = begin.tensors;
      t.is(image?.name, "image");
      t.deepEqual(
        labels.map(({ name, type, shape }) => `${name} ${type} ${shape}`),
        sizes.map((shape, level) => `${["label", "label_1", "label_2"][level]} u8 ${shape}`),
      );
      t.true(bytes.subarray(0, plain.bytes.length).equals(plain.bytes));
      t.is(checksum, crc32(bytes));
      const described = timeline === "TIMELINE_VAL" ? deepRun.val : deepRun.train;
      const [share] = described?.stages.find(({ stage }) => stage === begin.stage)?.shares ?? [];
      t.is(share?.byteLength, bytes.length);
    }
  },
);

testOfAnyCarrier("the validation timeline has full patches of its own cases, and steps of its own", async (t) => {
  const channel = dial(t, await server());
  const stream = await start(channel, { timeline: "TIMELINE_VAL" });
  stream.want(17);
  const { begin, bytes } = await stream.batch();
  t.like(begin, { timeline: "TIMELINE_VAL", step: 17, stage: 2 });
  t.deepEqual(labelShape(begin), [3, 40, 56, 40]);
  const training = await getBatch(channel, { step: 17 });
  t.false(bytes.equals(training.bytes));
});

/** Steps and stages of the batches that begin until `kind` comes, and after it until `last` has ended. */
async function begunAround(stream: WireStream, kind: "stageApplied" | "cancelled", last: number) {
  const before: { step: number; stage: number }[] = [];
  const after: typeof before = [];
  for (let isAfter = false; ; ) {
    const message = await stream.next();
    if (message === undefined) throw new Error(`the stream ended before step ${last} did`);
    if (message.kind === kind) isAfter = true;
    if (message.kind === "batchBegin") {
      const { step, stage } = message.batchBegin;
      (isAfter ? after : before).push({ step, stage });
    }
    if (message.kind === "batchEnd" && isAfter && message.batchEnd.step === last) return { before, after };
  }
}

const counting = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

testOfAnyCarrier(
  "a report drops every want from its step on that has not begun, and is answered by StageApplied",
  async (t) => {
    const stream = await start(dial(t, await server()));
    stream.want(0, RUN_STEPS, 0);
    stream.report(1, 10);
    stream.want(20);
    const { before, after } = await begunAround(stream, "stageApplied", 20);
    t.true(before.every(({ stage }) => stage === 0));
    const steps = [...before, ...after].map(({ step }) => step);
    t.deepEqual(
      steps.filter((step) => step < 10).toSorted((x, y) => x - y),
      counting(0, 9),
    );
    t.deepEqual(
      after.filter(({ step }) => step >= 10),
      [{ step: 20, stage: 1 }],
    );
  },
);

test("what was already cut for the old stage is thrown away unseen", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(16, 8);
  await stream.expect("batchBegin");
  stream.report(0, 17);
  stream.want(17, 7);
  const { after } = await begunAround(stream, "stageApplied", 23);
  t.deepEqual(
    after,
    counting(17, 23).map((step) => ({ step, stage: 0 })),
  );
});

test("Cancel drops the wants of its steps that have not begun, and is answered by Cancelled", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(0, RUN_STEPS, 2);
  await stream.expect("batchBegin");
  stream.cancel(4, 18);
  const { before, after } = await begunAround(stream, "cancelled", RUN_STEPS - 1);
  t.deepEqual(
    after.map(({ step }) => step).filter((step) => step >= 4),
    [22, 23],
  );
  t.deepEqual(
    [0, ...before.map(({ step }) => step), ...after.map(({ step }) => step)].filter((step) => step < 4),
    [0, 1, 2, 3],
  );
  stream.want(4);
  t.is((await stream.batch()).begin.step, 4);
});

testOfAnyCarrier(
  "whenever a cut begins it is of the lowest step wanted then, and batches are sent in the order in which they began",
  async (t) => {
    const stream = await start(dial(t, await server()));
    stream.want(16, 6);
    stream.want(0, 5);
    const steps: number[] = [];
    while (steps.length < 11) steps.push((await stream.batch()).begin.step);
    t.deepEqual(
      steps.filter((step) => step >= 16),
      counting(16, 21),
    );
    t.deepEqual(steps.slice(steps.indexOf(0), steps.indexOf(0) + 5), counting(0, 4));
  },
);

testOfAnyCarrier(
  "a report holds for wants that come after it and name no stage; of several reports the latest that covers a step decides",
  async (t) => {
    const stream = await start(dial(t, await server()));
    for (const [stage, fromStep] of [
      [2, 4],
      [1, 6],
      [0, 12],
    ] as const) {
      stream.report(stage, fromStep);
      t.deepEqual((await stream.expect("stageApplied")).stageApplied, { stage, fromStep });
    }
    stream.report(2, 10);
    await stream.expect("stageApplied");
    for (const [step, stage] of [
      [3, 0],
      [5, 2],
      [6, 1],
      [9, 1],
      [10, 2],
      [13, 2],
    ] as const) {
      stream.want(step);
      t.like((await stream.batch()).begin, { step, stage });
    }
    stream.want(13, 1, 1);
    t.like((await stream.batch()).begin, { step: 13, stage: 1 });
  },
);

test("the stream may be half-closed: what was wanted still comes, then it ends with OK", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(0, 3);
  stream.call.end();
  for (const step of [0, 1, 2]) t.is((await stream.batch()).begin.step, step);
  t.is(await stream.next(), undefined);
});

test("Stop drops what has not been begun; batches begun are finished", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(0, RUN_STEPS);
  await stream.batch();
  stream.send({ kind: "stop", stop: {} });
  let batches = 1;
  for (let message = await stream.next(); message !== undefined; message = await stream.next())
    if (message.kind === "batchEnd") batches++;
  t.true(batches < RUN_STEPS);
});

test("short of slots, wants queue: two streams share memory for one batch and both get all of theirs", async (t) => {
  const channel = dial(t, await startServer(t, { slotBudgetBytes: 1_600_000 }));
  const streams = [await start(channel), await start(channel, await otherOrder(channel, 10))];
  for (const stream of streams) stream.want(16, 3);
  await Promise.all(
    streams.map(async (stream) => {
      for (const step of [16, 17, 18]) t.is((await stream.batch()).begin.step, step);
    }),
  );
});

test("a call cancelled in the middle of a batch gives its memory back", async (t) => {
  const channel = dial(t, await startServer(t, { slotBudgetBytes: 4_200_000 }));
  for (let round = 0; round < 4; round++) {
    const stream = await start(channel);
    stream.want(16, 3);
    await stream.expect("batchBegin");
    stream.call.cancel();
    t.is((await stream.failure()).code, status.CANCELLED);
  }
  const stream = await start(channel);
  stream.want(16, 3);
  for (const step of [16, 17, 18]) t.is((await stream.batch()).begin.step, step);
});
