import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Client, credentials, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { ConnectOptions } from "../../client/types.js";
import { serve } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { fromStatus } from "../../rpc/status.js";
import { pem } from "./carrier.js";
import { dial, oneServer, sampleStore, startServer } from "./served-store.js";
import { spawnServer } from "./server-process.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "./small-run.js";
import { describe, getBatch, openStream, specBytes, start, startGrpc, UNCHECKED } from "./wire.js";

const server = oneServer(test);
const bytes = (message: Buffer) => message;

async function* watchHealth({ client }: Channel): AsyncGenerator<Buffer> {
  const call = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", bytes, bytes, Buffer.alloc(0));
  call.on("error", () => {});
  try {
    yield* call as AsyncIterable<Buffer>;
  } finally {
    call.cancel();
  }
}

const SERVING = Buffer.of(8, 1);
const NOT_SERVING = Buffer.of(8, 2);

test("a server that is told to stop while it begins stops when it has begun", async (t) => {
  const stop = new AbortController();
  const beginning = serve(await sampleStore(), { workers: 1, signal: stop.signal });
  stop.abort();
  await (await beginning).closed;
  t.pass();
});

test("a draining server says so, finishes what has begun, drops the rest with UNAVAILABLE, and turns NOT_SERVING", async (t) => {
  const draining = await startServer(t, { drainTimeoutMs: 30_000 });
  const channel = dial(t, draining);
  const health = watchHealth(channel);
  t.deepEqual((await health.next()).value, SERVING);
  const stream = await start(channel);
  stream.want(0, RUN_STEPS, 2);
  await stream.expect("batchBegin");
  const closed = draining.drain();
  t.deepEqual((await health.next()).value, NOT_SERVING);
  await health.return(undefined);
  let [begun, ended, told] = [1, 0, false];
  const failure = await (async () => {
    for (;;) {
      const message = await stream.next();
      if (message?.kind === "batchBegin") begun++;
      if (message?.kind === "batchEnd") ended++;
      if (message?.kind === "notice") told = message.notice.code === "draining";
      if (message === undefined) throw new Error("the stream ended with OK");
    }
  })().catch((error: ServiceError) => error);
  t.is(failure.code, status.UNAVAILABLE);
  t.is(ended, begun);
  t.true(told);
  t.true(ended < RUN_STEPS);
  await closed;
  await draining.closed;
  const late = await t.throwsAsync<PatchstreamError>(describe(dial(t, draining)));
  t.is(late?.code, "UNAVAILABLE");
});

test("SIGTERM drains a server process, which then exits with 0", async (t) => {
  const child = await spawnServer(t);
  const channel = dial(t, child);
  const stream = await start(channel);
  stream.want(0);
  await stream.batch();
  t.is(await child.end("SIGTERM"), 0);
  t.is((await stream.failure()).code, status.UNAVAILABLE);
});

test("a reader that does not read costs three batches of memory at most, and holds nobody else up", async (t) => {
  const watched = await startServer(t, { metricsPort: 0 });
  const idle = await start(dial(t, watched));
  idle.want(0, RUN_STEPS, 2);
  const busy = await start(dial(t, watched));
  busy.want(0, RUN_STEPS);
  for (let step = 0; step < RUN_STEPS; step++) t.is((await busy.batch()).begin.step, step);
  const metrics = await (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^patchstream_${name} (\\d+)`, "m").exec(metrics)?.[1]);
  // What is kept goes when it is needed, so it costs nobody anything.
  const held = value("engine_leased_batches") - value("kept_batches");
  t.true(held <= 3, `${held} batches are held`);
  for (let step = 0; step < RUN_STEPS; step++) t.is((await idle.batch()).begin.step, step);
});

test("a client that answers pings and reads nothing for max_stall_ms loses its stream, and its slots are free again", async (t) => {
  const watched = await startServer(t, { metricsPort: 0, maxStallMs: 2_000, slotBudgetBytes: 4 * STAGE_BYTES[2] });
  const client = new Client(watched.address, credentials.createInsecure());
  t.teardown(() => client.close());
  const channel = { ...dial(t, watched), client };
  t.is((await describe(channel)).limits?.maxStallMs, 2_000);
  const stream = await startGrpc(channel);
  const end = new Promise<StatusObject>((resolve) => stream.call.grpc.once("status", resolve));
  stream.want(0, RUN_STEPS, 2);
  t.is((await end).code, status.RESOURCE_EXHAUSTED);

  const metrics = async () => (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
  while (!(await metrics()).includes("\npatchstream_engine_leased_batches 0\n"));
  t.true((await metrics()).includes('patchstream_calls_failed_total{code="LIMIT_EXCEEDED"} 1'));
  const reader = await start(dial(t, watched));
  reader.want(0, 4, 2);
  for (let step = 0; step < 4; step++) t.is((await reader.batch()).begin.step, step);
});

test("metrics count batches, bytes, streams, reports and failures", async (t) => {
  const watched = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, watched);
  const stream = await start(channel);
  stream.want(0, 2);
  for (let count = 0; count < 2; count++) await stream.batch();
  stream.report(2, 5);
  await stream.expect("stageApplied");
  await t.throwsAsync(getBatch(channel, { step: 999 }));
  const response = await fetch(`http://${watched.metricsAddress}/metrics`);
  const text = await response.text();
  t.regex(response.headers.get("content-type") ?? "", /^text\/plain/);
  for (const line of [
    'patchstream_batches_sent_total{stage="0"} 2',
    `patchstream_batch_bytes_sent_total ${2 * STAGE_BYTES[0]}`,
    "patchstream_streams 1",
    "patchstream_stage_reports_total 1",
    'patchstream_calls_failed_total{code="STEP_UNKNOWN"} 1',
  ])
    t.true(text.includes(line), `${line} is not in\n${text}`);
  t.regex(text, /\npatchstream_event_loop_longest_pause_seconds \d/);
  t.is((await fetch(`http://${watched.metricsAddress}/`)).status, 404);
});

test("metrics tell what the batches of one step in eight show, by timeline and stage", async (t) => {
  const watched = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, watched);
  const stream = await start(channel);
  stream.want(0, STAGE_STEPS + 1);
  const sent = [];
  for (let step = 0; step <= STAGE_STEPS; step++) sent.push(await stream.batch());
  stream.call.end();
  t.is(await stream.next(), undefined);
  const validation = await getBatch(channel, { timeline: "TIMELINE_VAL" });
  const text = await (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
  const value = (name: string, place: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`patchstream_${name}{${place}}`))
        ?.split(" ")
        .at(-1),
    );
  for (const [batch, timeline, stage, ratio] of [
    [sent[0], "train", 0, 8 ** 3 / (40 * 56 * 40)],
    [sent[STAGE_STEPS], "train", 1, 16 ** 3 / (40 * 56 * 40)],
    [validation, "val", 2, 1],
  ] as const) {
    const { begin, bytes } = batch as NonNullable<typeof batch>;
    const labels = bytes.subarray(-(begin.tensors[1]?.byteLength as number));
    const place = `timeline="${timeline}",stage="${stage}"`;
    t.is(value("batch_foreground_share_count", place), 1);
    t.is(value("batch_foreground_share_sum", place), labels.filter((label) => label > 0).length / labels.length);
    t.is(value("batch_classes_seen_share_sum", place), new Set(labels.filter((label) => label > 0)).size / 2);
    t.is(value("patch_size_ratio", place), ratio);
  }
});

test("health is SERVING, and reflection lists the service and its methods", async (t) => {
  const channel = dial(t, await server());
  t.deepEqual((await watchHealth(channel).next()).value, SERVING);
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const call = channel.client.makeBidiStreamRequest(path, bytes, bytes, channel.metadata, {});
  const answers = call[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const listServices = Buffer.of(0x3a, 0);
  call.write(listServices);
  t.true((await answers.next()).value.includes("patchstream.v1.DataService"));
  const symbol = Buffer.from("patchstream.v1.DataService");
  call.write(Buffer.concat([Buffer.of(0x22, symbol.length), symbol]));
  t.true((await answers.next()).value.includes("ReadLocations"));
  call.cancel();
  call.on("error", () => {});
});

test("other addresses than this machine's need TLS or insecure, and with a token they need TLS", async (t) => {
  const error = await t.throwsAsync<PatchstreamError>(startServer(t, { host: "0.0.0.0" }));
  t.like(error?.facts, { code: "SPEC_INVALID", field: "host", got: "0.0.0.0" });
  const inPlainText = startServer(t, { host: "0.0.0.0", insecure: true, token: "secret" });
  t.like((await t.throwsAsync<PatchstreamError>(inPlainText))?.facts, { code: "SPEC_INVALID", field: "host" });
  const open = await startServer(t, { host: "0.0.0.0", insecure: true });
  const address = open.address.replace("0.0.0.0", "127.0.0.1");
  t.is((await getBatch(dial(t, { address }), { step: 0 })).begin.step, 0);
});

async function dataset(t: ExecutionContext, address: string, options: ConnectOptions): Promise<string> {
  const client = connect(address, { deadlineMs: 20_000, ...options });
  t.teardown(() => client[Symbol.asyncDispose]());
  return (await client.describeDataset()).name;
}

/** The name in the server's certificate. */
const serverName = "localhost";

// Who is refused over TLS, and what that is told, is in `test/client/first-connection.test.ts`.
test("over TLS, a client that trusts the server's authority is served", async (t) => {
  const { address } = await startServer(t, { tls: { cert: pem("server.pem"), key: pem("server.key") } });
  t.is(await dataset(t, address, { tls: { ca: pem("authority.pem"), serverName } }), SMALL_RUN.dataset);
});

test("with mTLS, a client with a certificate of the given authority is served", async (t) => {
  const tls = { cert: pem("server.pem"), key: pem("server.key"), ca: pem("authority.pem") };
  const { address } = await startServer(t, { tls });
  const ca = pem("authority.pem");
  const own = { ca, serverName, cert: pem("client.pem"), key: pem("client.key") };
  t.is(await dataset(t, address, { tls: own }), SMALL_RUN.dataset);
});

test("with a token, every call must carry it", async (t) => {
  const guarded = await startServer(t, { token: "let me in" });
  const right = dial(t, guarded, { token: "let me in" });
  t.is((await getBatch(right, { step: 0 })).begin.step, 0);
  const { spec } = await describe(right);
  for (const options of [{}, { token: "let me" }, { token: "let me in!" }]) {
    const channel = dial(t, guarded, options);
    for (const call of [() => describe(channel), () => getBatch(channel, { step: 0 })])
      t.is((await t.throwsAsync<PatchstreamError>(call()))?.code, "UNAUTHENTICATED");
    const stream = openStream(channel);
    stream.send({
      kind: "start",
      start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
    });
    const failure = await stream.failure();
    t.is(failure.code, status.UNAUTHENTICATED);
    t.is(fromStatus(failure, { address: "", method: "" }).code, "UNAUTHENTICATED");
  }
});

test("volumes come over the wire whole or as a region, and so do foreground locations", async (t) => {
  const client = connect((await server()).address);
  t.teardown(() => client[Symbol.asyncDispose]());
  const { cases, classes } = await client.describeDataset();
  const [first] = cases;
  if (first === undefined) return t.fail("there are no cases");
  const [, depth, height, width] = first.shape;
  const image = await client.readImage(first.id);
  const label = await client.readLabel(first.id);
  t.is(image.length, depth * height * width);
  const region = { start: [3, 4, 5], end: [9, 20, 12] } as const;
  const part = await client.readLabel(first.id, { region });
  const expected: number[] = [];
  for (let z = 3; z < 9; z++)
    for (let y = 4; y < 20; y++)
      for (let x = 5; x < 12; x++) expected.push(label[(z * height + y) * width + x] as number);
  t.deepEqual([...part], expected);
  t.is((await client.readImage(first.id, { region })).length, 6 * 16 * 7);
  const { originalShape } = first.geometry;
  t.is((await client.readReference(first.id)).length, originalShape[0] * originalShape[1] * originalShape[2]);
  for (const [index, value] of classes.entries()) {
    const locations = await client.readLocations(first.id, value);
    t.is(locations.length, 3 * (first.foregroundCounts[index] as number));
    for (let at = 0; at < locations.length; at += 3) {
      const [z, y, x] = locations.subarray(at, at + 3) as unknown as [number, number, number];
      if (label[(z * height + y) * width + x] !== value) return t.fail(`location ${at / 3} is not of class ${value}`);
    }
    const some = await client.readLocations(first.id, value, { k: [2, 0] });
    t.deepEqual([...some], [...locations.subarray(6, 9), ...locations.subarray(0, 3)]);
  }
});

test("a preview is a PNG", async (t) => {
  const request = { spec: specBytes(), timeline: "TIMELINE_TRAIN", step: 9 } as const;
  const { png } = await callUnary(dial(t, await server()), "DataService", "preview", request);
  t.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
});

for (const [name, ending] of [
  ["that is disposed", "await client[Symbol.asyncDispose]();"],
  ["that is forgotten", ""],
] as const)
  test(`a client ${name} does not keep its process alive`, async (t) => {
    const script = `
      const { connect } = await import(${JSON.stringify(new URL("../../client/connect.js", import.meta.url).href)});
      const client = connect(${JSON.stringify((await server()).address)});
      const run = await client.openRun(${JSON.stringify(SMALL_RUN)});
      for await (const { step } of run.batches()) if (step === 2) break;
      ${ending}
      console.log("done");`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    t.is(stdout, "done\n");
  });
