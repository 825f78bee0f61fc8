import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import type { Messages } from "../../proto/messages.js";
import { failureOf, fromStatus } from "../../rpc/status.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES } from "./small-run.js";
import { describe, getBatch, openStream, start, UNCHECKED, type WireStream } from "./wire.js";

const server = oneServer(test);

function factsOf(failure: ServiceError) {
  return fromStatus(failure, { address: "", method: "" }).facts;
}

/** How a stream ends, and the steps that began on it before. */
async function rest(stream: WireStream): Promise<{ readonly begun: number[]; readonly failure?: ServiceError }> {
  const begun: number[] = [];
  try {
    for (let message = await stream.next(); message !== undefined; message = await stream.next())
      if (message.kind === "batchBegin") begun.push(message.batchBegin.step);
  } catch (failure) {
    return { begun, failure: failure as ServiceError };
  }
  return { begun };
}

test("a step that is wanted twice comes twice, with the same bytes", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(2, 2);
  stream.want(2, 2);
  const batches = [await stream.batch(), await stream.batch(), await stream.batch(), await stream.batch()];
  const ofStep = (step: number) => batches.filter(({ begin }) => begin.step === step);
  for (const step of [2, 3]) {
    t.is(ofStep(step).length, 2);
    t.deepEqual(ofStep(step)[0], ofStep(step)[1]);
  }
});

test("wants, reports and cancels may be sent in one flight with Start, before Started has come", async (t) => {
  const channel = dial(t, await server());
  const { spec } = await describe(channel);
  const stream = openStream(channel);
  stream.send({
    kind: "start",
    start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
  });
  stream.cancel(9, 1);
  stream.report(1, 0);
  stream.want(4, 2);
  stream.call.end();
  await stream.expect("started");
  const { begun, failure } = await rest(stream);
  t.deepEqual([begun, failure], [[4, 5], undefined]);
});

test("a want that crosses the end of its timeline is refused whole, and ends the stream", async (t) => {
  const channel = dial(t, await server());
  for (const [timeline, steps] of [
    ["TIMELINE_TRAIN", RUN_STEPS],
    ["TIMELINE_VAL", SMALL_RUN.epochs * SMALL_RUN.valSteps],
  ] as const) {
    const stream = await start(channel, { timeline });
    stream.want(steps - 2, 3);
    const { begun, failure } = await rest(stream);
    t.deepEqual(begun, []);
    t.is(failure?.code, status.INVALID_ARGUMENT);
    t.like(factsOf(failure as ServiceError), { code: "STEP_UNKNOWN", step: steps, steps });
  }
});

test("what a client sends after Stop is not read", async (t) => {
  const stream = await start(dial(t, await server()));
  stream.want(0, 1);
  const { begin } = await stream.batch();
  stream.send({ kind: "stop", stop: {} });
  stream.want(1, 1);
  stream.want(RUN_STEPS, 9);
  stream.sendBytes(Buffer.from([0x12, 0x05, 0x08]));
  t.deepEqual([begin.step, await rest(stream)], [0, { begun: [] }]);
});

test("limits count the bytes of a rank's own share, as it was described", async (t) => {
  const served = await startServer(t, { maxOutstandingBytes: STAGE_BYTES[1] });
  const channel = dial(t, served);
  const { train } = await describe(channel, SMALL_RUN, 2);
  t.is(train?.stages[1]?.shares[0]?.byteLength, STAGE_BYTES[1] / 2);
  const half = await start(channel, { rank: 1, ranks: 2 });
  half.want(8, 2);
  t.deepEqual([(await half.batch()).begin.step, (await half.batch()).begin.step], [8, 9]);
  const whole = await start(channel);
  whole.want(8, 2);
  const failure = await whole.failure();
  t.like(factsOf(failure), { code: "LIMIT_EXCEEDED", limit: "max_outstanding_bytes" });
  t.is(failureOf(failure)?.retry, "RETRY_NEVER");
});

test("a change to larger batches drops the old wants, and the new ones are counted at the new size", async (t) => {
  const channel = dial(t, await startServer(t, { maxOutstandingBytes: 2 * STAGE_BYTES[2] + STAGE_BYTES[0] }));
  const stream = await start(channel);
  stream.want(0, 8);
  stream.report(2, 0);
  while ((await stream.next())?.kind !== "stageApplied"); // a batch of the old size may have begun before
  stream.want(0, 2);
  t.like((await stream.batch()).begin, { step: 0, stage: 2 });
  t.like((await stream.batch()).begin, { step: 1, stage: 2 });
  stream.want(2, 3);
  t.like(factsOf(await stream.failure()), { code: "LIMIT_EXCEEDED", limit: "max_outstanding_bytes" });
});

test("the only stage of the validation timeline is the last: wants and reports of others are STAGE_UNKNOWN", async (t) => {
  const channel = dial(t, await server());
  const last = SMALL_RUN.stages.length - 1;
  const ask: readonly ((stream: WireStream) => void)[] = [
    (stream) => stream.want(0, 1, 0),
    (stream) => stream.report(0, 0),
    (stream) => stream.report(last + 1, 0),
  ];
  for (const send of ask) {
    const stream = await start(channel, { timeline: "TIMELINE_VAL" });
    send(stream);
    t.like(factsOf(await stream.failure()), { code: "STAGE_UNKNOWN", timeline: "val", first: last, last });
  }
  const stream = await start(channel, { timeline: "TIMELINE_VAL" });
  stream.report(last, 0);
  await stream.expect("stageApplied");
  stream.want(0, 1, last);
  t.is((await stream.batch()).begin.stage, last);
});

test("a server answers as many pings as a client likes, also on a connection without calls", async (t) => {
  const { address } = await server();
  const session = connectHttp2(`http://${address}`);
  t.teardown(() => session.destroy());
  await once(session, "connect");
  let answered = 0;
  const ping = () =>
    new Promise<void>((resolve, reject) =>
      session.ping((error) => {
        if (error) return reject(error);
        answered++;
        resolve();
      }),
    );
  for (let count = 0; count < 300; count++) await ping();
  t.is(answered, 300);
  t.false(session.closed || session.destroyed);
});

test("what is refused for the server's state may be asked again, what is refused for the request may not", async (t) => {
  const channel = dial(t, await startServer(t, { maxStreams: 1 }));
  const open = await start(channel);
  const { spec } = await describe(channel);
  const refused = openStream(channel);
  const first: Messages["Start"] = { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 };
  refused.send({ kind: "start", start: first });
  const busy = await refused.failure();
  t.deepEqual([busy.code, failureOf(busy)?.retry], [status.RESOURCE_EXHAUSTED, "RETRY_ELSEWHERE"]);
  open.want(0, 2_000);
  const greedy = await open.failure();
  t.deepEqual([greedy.code, failureOf(greedy)?.retry], [status.RESOURCE_EXHAUSTED, "RETRY_NEVER"]);
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});
