import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { crc32 } from "node:zlib";
import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { codec } from "../../rpc/codec/codec.js";
import { methodOf } from "../../rpc/service.js";
import { failureOf, fromStatus } from "../../rpc/status.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES } from "./small-run.js";
import { describe, getBatch, openStream, otherOrder, specBytes, start, startGrpc, UNCHECKED } from "./wire.js";

const server = oneServer(test);

function factsOf(failure: ServiceError) {
  return fromStatus(failure, { address: "", method: "" }).facts;
}

interface Answer {
  readonly failure: ServiceError | null;
  readonly bytes?: Buffer;
  readonly trailers: Metadata;
}

/** A unary call as bytes, with metadata of its own. */
async function callBytes(
  { client }: Channel,
  name: "describeRun" | "describeDataset",
  bytes: Buffer,
  metadata: Metadata,
) {
  const asTheyAre = (message: Buffer) => message;
  const { path } = methodOf("DataService", name);
  let call: ClientUnaryCall | undefined;
  const answered = new Promise<Omit<Answer, "trailers">>((resolve) => {
    call = client.makeUnaryRequest(path, asTheyAre, asTheyAre, bytes, metadata, (failure, answer) =>
      resolve({ failure, ...(answer && { bytes: answer }) }),
    );
  });
  const [[{ metadata: trailers }], answer] = await Promise.all([once(call as ClientUnaryCall, "status"), answered]);
  return { ...answer, trailers } as Answer;
}

test("a stream that does not say Start in time ends with DEADLINE_EXCEEDED and says what was waited for", async (t) => {
  const channel = dial(t, await startServer(t, { startTimeoutMs: 50 }));
  const failure = await openStream(channel).failure();
  t.is(failure.code, status.DEADLINE_EXCEEDED);
  t.deepEqual(factsOf(failure), {
    code: "DEADLINE",
    waitedFor: "start (a stream's first message)",
    timeoutMs: 50,
  });
});

test("one client cannot take all streams: what is too much is refused by name, also the 257th on one connection", async (t) => {
  const watched = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, watched);
  const refusals: Promise<ServiceError>[] = [];
  for (let count = 0; count < 300; count++) refusals.push(openStream(channel).failure());
  const late = await refusals.at(-1);
  t.is(late?.code, status.RESOURCE_EXHAUSTED);
  const facts = { code: "SERVER_BUSY", limit: "max_streams_of_one_peer", got: 129, max: 128 };
  t.deepEqual(factsOf(late as ServiceError), facts);
  t.is(failureOf(late as ServiceError)?.retry, "RETRY_ELSEWHERE");
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
  const metrics = await (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
  t.true(metrics.includes("\npatchstream_streams 128\n"));
  t.true(metrics.includes("\npatchstream_calls 0\n"));
});

test("calls in progress are bounded", async (t) => {
  const channel = dial(t, await startServer(t, { maxCalls: 1 }));
  const calls = Array.from({ length: 4 }, () => getBatch(channel, { step: 16 }));
  const failures = (await Promise.allSettled(calls)).flatMap((call) =>
    call.status === "rejected" ? [call.reason] : [],
  );
  t.is(failures.length, 3);
  for (const { facts } of failures as PatchstreamError[])
    t.like(facts, { code: "SERVER_BUSY", limit: "max_calls", max: 1 });
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});

test("a compressed request is UNIMPLEMENTED, and is not inflated", async (t) => {
  const { address } = await server();
  const session = connectHttp2(`http://${address}`);
  t.teardown(() => session.destroy());
  const { path } = methodOf("DataService", "describeRun");
  const call = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-encoding": "gzip",
  });
  const noGzip = Buffer.from("this cannot be inflated");
  call.end(Buffer.concat([Buffer.of(1, 0, 0, 0, noGzip.length), noGzip]));
  const [headers] = (await once(call, "response")) as [IncomingHttpHeaders];
  t.is(headers["grpc-status"], `${status.UNIMPLEMENTED}`);
  t.regex(String(headers["grpc-message"]), /compressed/);
  t.true(Buffer.from(String(headers["grpc-status-details-bin"]), "base64").includes("UNSUPPORTED"));
  t.is((await getBatch(dial(t, { address }), { step: 0 })).begin.step, 0);
});

test("a message beyond the limit is refused with facts, whole or on a stream", async (t) => {
  const channel = dial(t, await server());
  const huge = new Uint8Array(4 << 20);
  const error = await t.throwsAsync<PatchstreamError>(
    callUnary(channel, "DataService", "describeRun", { spec: huge, specSha256: UNCHECKED, ranks: 1 }),
  );
  t.like(error?.facts, { code: "LIMIT_EXCEEDED", limit: "max_message_bytes", max: 4 << 20 });
  const stream = openStream(channel);
  stream.sendBytes(Buffer.from(huge).fill(1, 0, 5));
  stream.sendBytes(Buffer.alloc(5 << 20));
  t.is((await stream.failure()).code, status.INVALID_ARGUMENT);
  const other = openStream(channel);
  other.sendBytes(Buffer.alloc(5 << 20));
  t.like(factsOf(await other.failure()), { code: "LIMIT_EXCEEDED", limit: "max_message_bytes", got: 5 << 20 });
});

test("a batch of more samples than a server plans is refused; shared among ranks it is served", async (t) => {
  const channel = dial(t, await server());
  const stages = [{ patchSize: [1, 1, 1], batchSize: 8193, epochs: 1 }];
  const plan = { patchSize: [1, 1, 1], batchSize: 8193, pooling: [0, 0, 0] };
  const spec = specBytes({ ...SMALL_RUN, plan, stages, epochs: 1 });
  const error = await t.throwsAsync<PatchstreamError>(getBatch(channel, { spec }));
  t.like(error?.facts, { code: "LIMIT_EXCEEDED", limit: "max_samples", got: 8193, max: 8192 });
  const { begin } = await getBatch(channel, { spec, rank: 1, ranks: 2 });
  t.deepEqual(begin.tensors[1]?.shape, [4096, 1, 1, 1]);
});

test("a spec too large for the thread that answers calls is resolved beside it, to the same bytes and with the same errors", async (t) => {
  const channel = dial(t, await server());
  const padded = Buffer.concat([specBytes(), Buffer.alloc(1 << 16, " ")]);
  const { spec, digest } = await describe(channel);
  const resolved = await callUnary(channel, "DataService", "describeRun", {
    spec: padded,
    specSha256: UNCHECKED,
    ranks: 1,
  });
  t.is(resolved.digest, digest);
  t.deepEqual(Buffer.from(resolved.spec), Buffer.from(spec));
  const wrong = { ...SMALL_RUN, split: { train: Array.from({ length: 9000 }, (_, i) => `case_${i}`), val: [] } };
  const error = await t.throwsAsync<PatchstreamError>(describe(channel, wrong));
  t.like(error?.facts, { code: "SPEC_INVALID", field: "data.split.train[0]", got: "case_0" });
});

test("a request that does not match its CRC-32 is MESSAGE_DAMAGED and may be sent again; an answer has its own in the trailers", async (t) => {
  const channel = dial(t, await server());
  const request = codec("DescribeRunRequest").encode({ spec: specBytes(), specSha256: UNCHECKED, ranks: 1 });
  const checksum = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const metadata = new Metadata();
  metadata.set("patchstream-crc32-bin", checksum(crc32(request)));
  const { failure, bytes, trailers } = await callBytes(channel, "describeRun", request, metadata);
  t.is(failure, null);
  t.deepEqual(trailers.get("patchstream-crc32-bin"), [checksum(crc32(bytes as Buffer))]);
  for (const sent of [checksum((crc32(request) ^ 1) >>> 0), Buffer.alloc(3)]) {
    metadata.set("patchstream-crc32-bin", sent);
    const damaged = await callBytes(channel, "describeRun", request, metadata);
    t.is(damaged.failure?.code, status.DATA_LOSS);
    t.deepEqual(failureOf(damaged.failure as ServiceError)?.retry, "RETRY_AGAIN");
  }
});

/**
 * A stream that does not read beyond the 16 messages, four batches of the last stage, that grpc-js takes by itself. It shares its
 * batches with no stream of another seed.
 */
async function unreadStream(t: ExecutionContext, { address }: { address: string }, seed: number) {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  t.teardown(() => client.close());
  const channel = { ...dial(t, { address }), client };
  const stream = await startGrpc(channel, await otherOrder(channel, seed));
  stream.call.grpc.on("error", () => {});
  return stream;
}

test("streams of large batches that nobody reads do not hold up a client of small ones", async (t) => {
  const watched = await startServer(t, { slotBudgetBytes: 2 * STAGE_BYTES[2] });
  for (let seed = 10; seed < 14; seed++) (await unreadStream(t, watched, seed)).want(0, RUN_STEPS, 2);
  const reader = await start(dial(t, watched));
  reader.want(0, RUN_STEPS, 1);
  for (let step = 0; step < RUN_STEPS; step++) t.is((await reader.batch()).begin.step, step);
});

test("what a stream has cut and not sent is taken back when another needs its share, and is cut again later", async (t) => {
  const watched = await startServer(t, { slotBudgetBytes: 4 * STAGE_BYTES[2], metricsPort: 0 });
  const waiting = await unreadStream(t, watched, 10);
  const steps = 12;
  waiting.want(0, steps, 2);
  const standsStill = async () => {
    const text = await (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
    const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
    const sent = value(/^patchstream_batches_sent_total{stage="2"} (\d+)/m);
    return sent >= 4 && value(/^patchstream_engine_leased_batches (\d+)/m) === 3;
  };
  while (!(await standsStill())) await pause(20);
  const other = await start(dial(t, watched));
  other.want(0, steps, 2);
  for (let step = 0; step < steps; step++) t.is((await other.batch()).begin.step, step);
  for (let step = 0; step < steps; step++) {
    const { begin, bytes, checksum } = await waiting.batch();
    t.is(begin.step, step);
    t.is(checksum, crc32(bytes));
  }
});

test("a stream that takes nothing while others wait for its memory is cut off, and they go on", async (t) => {
  const watched = await startServer(t, { slotBudgetBytes: 1.2 * STAGE_BYTES[2], maxStallWhenNeededMs: 100 });
  const unread = await unreadStream(t, watched, 10);
  const ended = new Promise<StatusObject>((resolve) => unread.call.grpc.once("status", resolve));
  unread.want(0, RUN_STEPS, 2);
  await unread.expect("batchBegin");
  const reader = await start(dial(t, watched));
  reader.want(0, RUN_STEPS, 2);
  for (let step = 0; step < RUN_STEPS; step++) t.is((await reader.batch()).begin.step, step);
  t.is((await ended).code, status.RESOURCE_EXHAUSTED);
});

test("a token opens the services of its scopes only", async (t) => {
  const token = [
    { token: "for-data", scopes: ["data"] },
    { token: "for-train", scopes: ["train"] },
  ] as const;
  const guarded = await startServer(t, { token });
  t.true((await describe(dial(t, guarded, { token: "for-data" }))).digest.length > 0);
  const error = await t.throwsAsync<PatchstreamError>(describe(dial(t, guarded, { token: "for-train" })));
  t.is(error?.code, "UNAUTHENTICATED");
  t.regex(error?.message ?? "", /lacks the scope "data"/);
});
