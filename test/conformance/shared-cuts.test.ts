import { readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import { ingest } from "../../loader/index.js";
import { type DataServer, serve } from "../../loader/server/serve.js";
import { failureOf } from "../../rpc/status.js";
import { writeDistinctCases } from "../dataset/distinct-cases.js";
import { shardOf } from "../dataset/shard-of.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { scrape } from "../metrics/exposition.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "./small-run.js";
import { describe, getBatch, otherOrder, start, startGrpc, type WireBatch, type WireStream } from "./wire.js";

/** Cuts for streams that others do not share a cut with. */
const alone = oneServer(test);

/** What a step has when it is cut for one stream only. */
async function cutAlone(t: ExecutionContext, step: number, stage?: number): Promise<WireBatch> {
  return getBatch(dial(t, await alone()), { step, ...(stage !== undefined && { stage }) });
}

/** A stream on a connection of its own, as another client has it. */
async function clientOf(t: ExecutionContext, { address }: DataServer): Promise<WireStream> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  t.teardown(() => client.close());
  const stream = await startGrpc({ ...dial(t, { address }), client });
  stream.call.grpc.on("error", () => {});
  return stream;
}

async function counted({ metricsAddress }: DataServer): Promise<(name: string) => number> {
  const text = await scrape(metricsAddress);
  return (name) =>
    [...text.matchAll(new RegExp(`^patchstream_${name}(?:\\{[^}]*\\})? (\\d+)$`, "gm"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
}

/** Ends a stream that has all it wanted: the server has then counted and released everything. */
async function end(t: ExecutionContext, stream: WireStream): Promise<void> {
  stream.call.end();
  t.is(await stream.next(), undefined);
}

/** Checks two batches byte for byte. */
function same(t: ExecutionContext, got: WireBatch | undefined, expected: WireBatch | undefined): void {
  t.deepEqual(got?.begin, expected?.begin);
  t.is(got?.checksum, expected?.checksum);
  t.true(expected !== undefined && got?.bytes.equals(expected.bytes));
}

async function batches(stream: WireStream, count: number): Promise<WireBatch[]> {
  const all: WireBatch[] = [];
  while (all.length < count) all.push(await stream.batch());
  return all;
}

test("four clients of one run get what one alone gets, and the server cuts once for all", async (t) => {
  t.timeout(60_000);
  const server = await startServer(t, { metricsPort: 0 });
  const clients = [];
  for (let client = 0; client < 4; client++) clients.push(await clientOf(t, server));
  for (const client of clients) client.want(0, RUN_STEPS);
  const [first = [], ...others] = await Promise.all(clients.map((client) => batches(client, RUN_STEPS)));
  for (const [step, batch] of first.entries()) same(t, batch, await cutAlone(t, step));
  for (const other of others) for (const [step, batch] of other.entries()) same(t, batch, first[step]);
  for (const client of clients) await end(t, client);
  const value = await counted(server);
  t.is(value("batches_sent_total"), 4 * RUN_STEPS);
  t.is(value("engine_batches_cut_total"), RUN_STEPS);
  t.is(value("shared_batches_sent_total"), 3 * RUN_STEPS);
  t.is(value("batch_cut_duration_seconds_count"), RUN_STEPS);
  t.is(value("kept_batches"), 0);
  t.is(value("engine_leased_batches"), 0);
});

test("the TypeScript client's runs share cuts too, each with the bytes that it would have alone", async (t) => {
  t.timeout(60_000);
  const server = await startServer(t, { metricsPort: 0 });
  const take = async (address: string) => {
    await using client = connect(address, { deadlineMs: 50_000 });
    await using run = await client.openRun(SMALL_RUN);
    const checksums: number[] = [];
    for await (using batch of run.batches()) checksums.push(batch.checksum);
    return checksums;
  };
  const steps = Array.from({ length: RUN_STEPS }, (_, step) => step);
  const expected = await Promise.all(steps.map(async (step) => (await cutAlone(t, step)).checksum));
  for (const got of await Promise.all([0, 1].map(() => take(server.address)))) t.deepEqual(got, expected);
  const value = await counted(server);
  t.is(value("batches_sent_total"), 2 * RUN_STEPS);
});

test("ranks share with the same rank of other trainings, and with nobody else", async (t) => {
  const server = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, server);
  const streams: WireStream[] = [];
  for (const rank of [0, 1, 0, 1]) streams.push(await start(channel, { rank, ranks: 2 }));
  for (const stream of streams) stream.want(0, STAGE_STEPS);
  const got = await Promise.all(streams.map((stream) => batches(stream, STAGE_STEPS)));
  for (let step = 0; step < STAGE_STEPS; step++) {
    same(t, got[2]?.[step], got[0]?.[step]);
    same(t, got[3]?.[step], got[1]?.[step]);
    t.not(got[0]?.[step]?.checksum, got[1]?.[step]?.checksum);
  }
  for (const stream of streams) await end(t, stream);
  const value = await counted(server);
  t.is(value("engine_batches_cut_total"), 2 * STAGE_STEPS);
  t.is(value("shared_batches_sent_total"), 2 * STAGE_STEPS);
});

test("runs of other seeds and the other timeline share nothing", async (t) => {
  const server = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, server);
  const streams = [
    await start(channel),
    await start(channel, await otherOrder(channel, 10)),
    await start(channel, { timeline: "TIMELINE_VAL" }),
  ];
  for (const stream of streams) stream.want(0, 3);
  const got = await Promise.all(streams.map((stream) => batches(stream, 3)));
  t.is(new Set(got.flat().map(({ checksum }) => checksum)).size, 9);
  for (const stream of streams) await end(t, stream);
  const value = await counted(server);
  t.is(value("engine_batches_cut_total"), 9);
  t.is(value("shared_batches_sent_total"), 0);
});

test("a client that does not read holds up none of the others, and gets the same bytes later", async (t) => {
  t.timeout(60_000);
  // Memory for four of the largest batches: what is kept for the frozen one must make room.
  const server = await startServer(t, { metricsPort: 0, slotBudgetBytes: 4 * STAGE_BYTES[2] });
  const steps = 16;
  const frozen = await clientOf(t, server);
  frozen.want(0, steps, 2);
  const others = [await clientOf(t, server), await clientOf(t, server)];
  for (const other of others) other.want(0, steps, 2);
  const [first = [], ...more] = await Promise.all(others.map((other) => batches(other, steps)));
  for (const got of [...more, await batches(frozen, steps)])
    for (const [step, batch] of got.entries()) same(t, batch, first[step]);
  for (const { bytes, checksum } of first) t.is(crc32(bytes), checksum);
  same(t, first[5], await cutAlone(t, 5, 2));
  for (const stream of [frozen, ...others]) await end(t, stream);
  const value = await counted(server);
  t.is(value("engine_leased_batches"), 0);
  t.true(value("engine_batches_cut_total") < 3 * steps);
});

test("a client that is killed in the middle of a batch leaves the others theirs", async (t) => {
  t.timeout(60_000);
  const server = await startServer(t, { metricsPort: 0 });
  for (let round = 0; round < 4; round++) {
    const [killed, ...others] = [await clientOf(t, server), await clientOf(t, server), await clientOf(t, server)];
    for (const client of [killed, ...others]) client.want(16, 4);
    const ended = (async () => {
      for (let batch = 0; batch < round; batch++) await killed.batch();
      await killed.expect("batchBegin");
      killed.call.cancel();
      return killed.failure();
    })();
    const got = await Promise.all(others.map((other) => batches(other, 4)));
    t.is((await ended).code, status.CANCELLED);
    for (const [index, batch] of (got[0] as WireBatch[]).entries()) {
      t.is(crc32(batch.bytes), batch.checksum);
      same(t, got[1]?.[index], batch);
      if (round === 0) same(t, batch, await cutAlone(t, 16 + index));
    }
    for (const other of others) await end(t, other);
  }
  while ((await counted(server))("engine_leased_batches") > 0);
  t.is((await counted(server))("calls_failed_total"), 0);
});

test("a stage change of one client leaves the other at its stage, each with its own bytes", async (t) => {
  const server = await startServer(t, { metricsPort: 0 });
  const [staying, changing] = [await clientOf(t, server), await clientOf(t, server)];
  const steps = RUN_STEPS - 16;
  staying.want(16, steps);
  changing.want(16, steps);
  await changing.expect("batchBegin");
  changing.report(0, 18);
  changing.want(18, RUN_STEPS - 18);
  const stages = new Map<number, number>([[16, 2]]);
  for (let at = 16, isApplied = false; at < RUN_STEPS - 1; ) {
    const message = await changing.next();
    if (message?.kind === "stageApplied") isApplied = true;
    if (message?.kind === "batchBegin") {
      ({ step: at } = message.batchBegin);
      if (isApplied && at >= 18) t.is(message.batchBegin.stage, 0);
      stages.set(at, message.batchBegin.stage);
      const { checksum, bytes } = await changing.rest(message.batchBegin);
      t.is(crc32(bytes), checksum);
      t.is(checksum, (await cutAlone(t, at, message.batchBegin.stage)).checksum);
    }
  }
  t.is(stages.get(RUN_STEPS - 1), 0);
  for (const { begin, checksum } of await batches(staying, steps)) {
    t.is(begin.stage, 2);
    t.is(checksum, (await cutAlone(t, begin.step, 2)).checksum);
  }
});

test("damage in the store is told to all who wait for the cut, and is not remembered", async (t) => {
  const folder = temporaryFolder(t);
  writeDistinctCases(`${folder}/raw`, { a: 1, b: 2 });
  await ingest(`${folder}/raw`, `${folder}/store`, { workers: 1, name: "distinct" });
  // Too little for volumes: every patch is read from the disk.
  const server = await serve(`${folder}/store`, { workers: 1, volumeBudgetBytes: 327_680, slotBudgetBytes: 4 << 20 });
  t.teardown(() => server.drain());
  const run = {
    dataset: "distinct",
    split: { fold: "all" },
    plan: { patchSize: [16, 16, 16], batchSize: 4, pooling: [1, 1, 1] },
    mode: "constant",
    epochs: 1,
    stepsPerEpoch: 8,
    valSteps: 0,
    strategy: "single-crop",
  };
  const channel = dial(t, server);
  const { spec } = await describe(channel, run);
  const streams = () => Promise.all([0, 1].map(() => start(channel, { spec })));
  const shards = ["a", "b"].map((id) => shardOf(`${folder}/store`, id, "image"));
  const whole = shards.map((shard) => readFileSync(shard));
  for (const [index, shard] of shards.entries())
    writeFileSync(
      shard,
      (whole[index] as Buffer).map((byte) => byte ^ 1),
    );
  const waiting = await streams();
  for (const stream of waiting) stream.want(0);
  for (const stream of waiting) {
    const failure: ServiceError = await stream.failure();
    t.is(failureOf(failure)?.code, "STORE_DAMAGED");
  }
  for (const [index, shard] of shards.entries()) writeFileSync(shard, whole[index] as Buffer);
  const healthy = await streams();
  for (const stream of healthy) stream.want(0);
  const [first, second] = await Promise.all(healthy.map((stream) => stream.batch()));
  same(t, second, first);
});
