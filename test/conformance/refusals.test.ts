import { once } from "node:events";
import { createConnection } from "node:net";
import { type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import fc from "fast-check";
import type { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import { callStream, callUnary } from "../../rpc/client/call.js";
import { codec } from "../../rpc/codec/codec.js";
import { methodOf } from "../../rpc/service.js";
import { fromStatus } from "../../rpc/status.js";
import { CARRIER, testsOfAnyCarrier } from "./carrier.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES } from "./small-run.js";
import { describe, getBatch, openStream, specBytes, start, UNCHECKED } from "./wire.js";

const server = oneServer(test);
const testOfAnyCarrier = testsOfAnyCarrier(test);

function factsOf(failure: ServiceError) {
  return fromStatus(failure, { address: "", method: "" }).facts;
}

type Request = Messages["StreamRequest"];
const want = (firstStep: number, count = 1, stage?: number): Request => ({
  kind: "want",
  want: { firstStep, count, ...(stage !== undefined && { stage }) },
});
const report = (changes: Partial<Messages["StageReport"]>): Request => ({
  kind: "stageReport",
  stageReport: { stage: 1, fromStep: 3, reason: "test", metrics: {}, hold: true, ...changes },
});

const violations: readonly (readonly [name: string, message: Request, facts: object])[] = [
  ["a second Start", { kind: "start", start: null as never }, { code: "REQUEST_INVALID", field: "kind" }],
  // Over a lane it is empty, and says that its sender lives.
  ...(CARRIER === "grpc" ? [["a message of no kind", {}, { code: "REQUEST_INVALID", field: "kind" }] as const] : []),
  ["a want of nothing", want(0, 0), { code: "REQUEST_INVALID", field: "want.count" }],
  [
    "a cancel of nothing",
    { kind: "cancel", cancel: { firstStep: 0, count: 0 } },
    { code: "REQUEST_INVALID", field: "cancel.count" },
  ],
  ["a want past the end", want(RUN_STEPS - 1, 2), { code: "STEP_UNKNOWN", step: RUN_STEPS, steps: RUN_STEPS }],
  [
    "a want of a stage that is not there",
    want(0, 1, 3),
    { code: "STAGE_UNKNOWN", timeline: "train", stage: 3, first: 0, last: 2 },
  ],
  ["a report of a stage that is not there", report({ stage: 9 }), { code: "STAGE_UNKNOWN", stage: 9 }],
  ["a report past the end", report({ fromStep: 99 }), { code: "STEP_UNKNOWN", step: 99 }],
  ["a metric that is not finite", report({ metrics: { loss: Number.NaN } }), { field: 'stage_report.metrics["loss"]' }],
  ["a reason of 300 characters", report({ reason: "x".repeat(300) }), { field: "stage_report.reason" }],
  [
    "a hundred metrics",
    report({ metrics: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, i])) }),
    { field: "stage_report.metrics" },
  ],
];

for (const [name, message, facts] of violations)
  testOfAnyCarrier(`${name} ends the stream with INVALID_ARGUMENT naming the field`, async (t) => {
    const channel = dial(t, await server());
    const stream = await start(channel);
    const { spec } = await describe(channel);
    const second: Request = {
      kind: "start",
      start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
    };
    stream.send(message.kind === "start" ? second : message);
    const failure = await stream.failure();
    t.is(failure.code, status.INVALID_ARGUMENT);
    t.like(factsOf(failure), facts);
  });

const starts: readonly (readonly [name: string, start: Partial<Messages["Start"]>, facts: object])[] = [
  ["a spec that is not resolved", { spec: specBytes() }, { code: "REQUEST_INVALID", field: "start.spec" }],
  ["a spec that is no JSON", { spec: Buffer.from("{") }, { code: "SPEC_INVALID", field: "data" }],
  ["a spec that is no UTF-8", { spec: Uint8Array.of(34, 0xff, 34) }, { code: "SPEC_INVALID", field: "data" }],
  ["no timeline", { timeline: "TIMELINE_UNSPECIFIED" }, { code: "REQUEST_INVALID", field: "start.timeline" }],
  ["more ranks than the smallest batch", { ranks: 4 }, { code: "REQUEST_INVALID", field: "ranks", got: 4 }],
  ["no ranks", { ranks: 0 }, { code: "REQUEST_INVALID", field: "ranks", got: 0 }],
  ["a rank beyond the last", { rank: 2, ranks: 2 }, { code: "REQUEST_INVALID", field: "rank", got: 2 }],
];

for (const [name, overrides, facts] of starts)
  test(`a Start with ${name} is refused by field`, async (t) => {
    const channel = dial(t, await server());
    const { spec } = await describe(channel);
    const stream = openStream(channel);
    const whole = { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1, ...overrides } as const;
    stream.send({ kind: "start", start: whole });
    const failure = await stream.failure();
    t.is(failure.code, status.INVALID_ARGUMENT);
    t.like(factsOf(failure), facts);
  });

test("a stream that does not begin with Start is refused", async (t) => {
  const stream = openStream(dial(t, await server()));
  stream.send(want(0));
  t.like(factsOf(await stream.failure()), { code: "REQUEST_INVALID", field: "kind", got: "want" });
});

testOfAnyCarrier("a timeline of a later version is refused with its number", async (t) => {
  const channel = dial(t, await server());
  const bytes = codec("GetBatchRequest").encode({
    spec: specBytes(),
    specSha256: UNCHECKED,
    timeline: "TIMELINE_VAL",
    step: 0,
    rank: 0,
    ranks: 1,
  });
  const tag = bytes.lastIndexOf(Buffer.of((2 << 3) | 0, 2));
  bytes[tag + 1] = 7;
  const asTheyAre = (message: Buffer) => message;
  const { path } = methodOf("DataService", "getBatch");
  const call = channel.client.makeServerStreamRequest(path, asTheyAre, asTheyAre, bytes);
  const [failure] = (await once(
    call.on("data", () => {}),
    "error",
  )) as [ServiceError];
  t.deepEqual(factsOf(failure), {
    code: "REQUEST_INVALID",
    field: "timeline",
    got: 7,
    want: "TIMELINE_TRAIN or TIMELINE_VAL",
  });
});

testOfAnyCarrier("a run of another recipe is refused with FAILED_PRECONDITION", async (t) => {
  const channel = dial(t, await server());
  const error = await t.throwsAsync<PatchstreamError>(describe(channel, { ...SMALL_RUN, recipe: 999 }));
  t.like(error?.facts, { code: "RECIPE_UNKNOWN", recipe: 999 });
});

testOfAnyCarrier("a spec's mistake comes back with field, value and what would be right", async (t) => {
  const channel = dial(t, await server());
  const error = await t.throwsAsync<PatchstreamError>(
    describe(channel, { ...SMALL_RUN, plan: { patchSize: [100, 56, 40], batchSize: 2, pooling: [4, 3, 3] } }),
  );
  t.is(error?.code, "SPEC_INVALID");
  t.regex(error?.message ?? "", /patchSize/);
});

testOfAnyCarrier("a spec nested a million deep is refused like any other", async (t) => {
  const channel = dial(t, await server());
  const deep = callUnary(channel, "DataService", "describeRun", {
    spec: Buffer.from("[".repeat(500_000)),
    specSha256: UNCHECKED,
    ranks: 1,
  });
  t.like((await t.throwsAsync<PatchstreamError>(deep))?.facts, { code: "SPEC_INVALID", field: "data" });
  const closed = `{"dataset":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
  const valid = callUnary(channel, "DataService", "describeRun", {
    spec: Buffer.from(closed),
    specSha256: UNCHECKED,
    ranks: 1,
  });
  t.like((await t.throwsAsync<PatchstreamError>(valid))?.facts, { code: "SPEC_INVALID", field: "data" });
});

testOfAnyCarrier("whatever bytes come on the port, the server goes on", async (t) => {
  const { address } = await server();
  const [host, port] = address.split(":") as [string, string];
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 500 }), async (asHttp2, bytes) => {
      const socket = createConnection(Number(port), host);
      socket.on("error", () => {});
      socket.end(asHttp2 ? Buffer.concat([preface, bytes]) : Buffer.from(bytes));
      socket.resume();
      await once(socket, "close");
    }),
    { numRuns: 40 },
  );
  t.is((await getBatch(dial(t, { address }), { step: 0 })).begin.step, 0);
});

test("wants beyond max_outstanding_bytes end with RESOURCE_EXHAUSTED, but a single batch is always allowed", async (t) => {
  const channel = dial(t, await startServer(t, { maxOutstandingBytes: STAGE_BYTES[1] }));
  const stream = await start(channel);
  stream.want(16);
  t.is((await stream.batch()).bytes.length, STAGE_BYTES[2]);
  stream.want(8);
  await stream.batch();
  stream.want(8, 2);
  const failure = await stream.failure();
  t.is(failure.code, status.RESOURCE_EXHAUSTED);
  t.like(factsOf(failure), { code: "LIMIT_EXCEEDED", limit: "max_outstanding_bytes", max: STAGE_BYTES[1] });
});

testOfAnyCarrier("more steps at once than the limit are refused before any of them is cut", async (t) => {
  const channel = dial(t, await server());
  const long = { ...SMALL_RUN, stepsPerEpoch: 100_000 };
  const { spec, limits } = await describe(channel, long);
  const stream = await start(channel, { spec });
  stream.want(0, (limits?.maxOutstandingSteps ?? 0) + 1);
  t.like(factsOf(await stream.failure()), { code: "LIMIT_EXCEEDED", limit: "max_outstanding_steps" });
  const greedy = await start(channel, { spec });
  greedy.want(0, 0xffffffff);
  t.like(factsOf(await greedy.failure()), { code: "LIMIT_EXCEEDED", limit: "max_outstanding_steps" });
});

test("streams, specs, batches and messages beyond the limits are refused with RESOURCE_EXHAUSTED", async (t) => {
  const channel = dial(t, await startServer(t, { maxStreams: 1, slotBudgetBytes: 1 << 20 }));
  const { limits, spec } = await describe(channel);
  const only = await start(channel);
  const tooMany = openStream(channel);
  tooMany.send({
    kind: "start",
    start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
  });
  t.like(factsOf(await tooMany.failure()), { code: "SERVER_BUSY", limit: "max_streams" });
  only.want(16);
  t.like(factsOf(await only.failure()), { code: "LIMIT_EXCEEDED", limit: "max_batch_bytes" });
  const large = { ...SMALL_RUN, note: "x".repeat(limits?.maxSpecBytes ?? 0) };
  t.is((await t.throwsAsync<PatchstreamError>(describe(channel, large)))?.code, "LIMIT_EXCEEDED");
  const huge = { ...SMALL_RUN, note: "x".repeat(limits?.maxMessageBytes ?? 0) };
  const failure = await t.throwsAsync<PatchstreamError>(describe(channel, huge));
  t.like(failure?.cause, { code: status.RESOURCE_EXHAUSTED });
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});

testOfAnyCarrier("a case or class that the store lacks is NOT_FOUND, and no name leads out of the store", async (t) => {
  const channel = dial(t, await server());
  for (const name of ["nobody", "../store/hippocampus_003", "/etc/passwd", "", "hippocampus_003/image"]) {
    const reading = callStream(channel, "DataService", "readCase", {
      case: name,
      volume: "VOLUME_IMAGE",
      region: null,
    });
    t.like((await t.throwsAsync<PatchstreamError>(reading.next()))?.facts, { code: "NOT_FOUND", what: "case", name });
  }
  const locations = callUnary(channel, "DataService", "readLocations", { case: "hippocampus_003", class: 7, k: [] });
  t.like((await t.throwsAsync<PatchstreamError>(locations))?.facts, { code: "NOT_FOUND", what: "class", name: "7" });
});

testOfAnyCarrier("a region outside of its volume, an empty one, and one of a reference are refused", async (t) => {
  const channel = dial(t, await server());
  const regions = [
    { start: [0, 0, 0], end: [9_999, 1, 1] },
    { start: [3, 0, 0], end: [3, 1, 1] },
    { start: [0, 0], end: [1, 1] },
    { start: [4_294_967_295, 0, 0], end: [1, 1, 1] },
  ];
  for (const region of regions) {
    const request = { case: "hippocampus_003", volume: "VOLUME_LABEL", region } as const;
    const reading = callStream(channel, "DataService", "readCase", request);
    t.is((await t.throwsAsync<PatchstreamError>(reading.next()))?.code, "REQUEST_INVALID");
  }
  const region = { start: [0, 0, 0], end: [1, 1, 1] };
  for (const request of [
    { case: "hippocampus_003", volume: "VOLUME_REFERENCE", region } as const,
    { case: "hippocampus_003", volume: "VOLUME_UNSPECIFIED", region } as const,
  ]) {
    const reading = callStream(channel, "DataService", "readCase", request);
    t.is((await t.throwsAsync<PatchstreamError>(reading.next()))?.code, "REQUEST_INVALID");
  }
});

test("whatever bytes come as messages, the stream ends with a status and the server goes on", async (t) => {
  const channel = dial(t, await server());
  const refused = [status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED];
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (message, started) => {
      const stream = started ? await start(channel) : openStream(channel);
      stream.sendBytes(Buffer.from(message));
      stream.call.end();
      const failure = await stream.failure().catch(() => undefined);
      return failure === undefined || refused.includes(failure.code);
    }),
    { numRuns: 60 },
  );
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});

test("messages that almost are ones are refused too: bits flipped in a good stream", async (t) => {
  const channel = dial(t, await server());
  const { spec } = await describe(channel);
  const good = [
    codec("StreamRequest").encode({
      kind: "start",
      start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
    }),
    codec("StreamRequest").encode(want(1, 1)),
    codec("StreamRequest").encode(report({ metrics: { loss: 0.5 } })),
  ];
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(7), async (which, where, bit) => {
      const stream = openStream(channel);
      for (const [index, message] of good.entries()) {
        const bytes = Buffer.from(message);
        if (index === which) bytes[where % bytes.length] = (bytes[where % bytes.length] as number) ^ (1 << bit);
        stream.sendBytes(bytes);
      }
      stream.call.end();
      const failure = await stream.failure().catch(() => undefined);
      return failure === undefined || failure.code !== status.INTERNAL;
    }),
    { numRuns: 60 },
  );
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});
