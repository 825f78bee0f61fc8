import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { connect } from "../../client/connect.js";
import type { DataClient } from "../../client/types.js";
import { type Engine, ingest, openEngine, openStore, type Store } from "../../loader/index.js";
import { caseTable, PatchstreamError, planBatch, resolveSpec } from "../../plan/index.js";
import { SHAPE, writeDistinctCase, writeDistinctCases } from "../dataset/distinct-cases.js";
import { shardOf } from "../dataset/shard-of.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { testRounds } from "../rounds.js";
import { type ServerProcess, spawnServerOf } from "./server-process.js";

const IDS = ["a", "b", "c"] as const;

const RUN = {
  dataset: "distinct",
  split: { fold: "all" },
  plan: { patchSize: [16, 16, 16], batchSize: 2, pooling: [1, 1, 1] },
  mode: "constant",
  epochs: 2,
  stepsPerEpoch: 20,
  valSteps: 0,
  augmentation: "none",
  strategy: "single-crop",
} as const;
const STEPS = 40;

/** Too little for volumes: every patch is read from the disk. */
const BY_REGION = ["--volume-budget", "327680"];

interface Folders {
  readonly raw: string;
  readonly store: string;
}

async function ingestInto(store: string, { raw }: Folders): Promise<void> {
  await ingest(raw, store, { workers: 1, name: "distinct", force: true });
}

/** What a generation's addresses mean, from a copy that nothing happens to. */
interface Truth extends AsyncDisposable {
  readonly store: Store;
  readonly engine: Engine;
  /** CRC-32 of a batch's tensors. */
  checksum(step: number): Promise<number>;
}

async function truthOf(folders: Folders): Promise<Truth> {
  const copy = `${folders.store}-untouched`;
  rmSync(copy, { recursive: true, force: true });
  await ingestInto(copy, folders);
  const store = await openStore(copy);
  const engine = await openEngine(store, { workers: 1, slotBudgetBytes: 2 ** 21, volumeBudgetBytes: 2 ** 22 });
  const cases = caseTable(store.dataset);
  const spec = resolveSpec(RUN, { ...store.dataset, cases });
  return {
    store,
    engine,
    async checksum(step) {
      const plan = planBatch(spec, cases, { timeline: "train", step, stage: 0 });
      const lease = await engine.cut(spec, plan, { checksum: true });
      lease.release();
      return lease.checksum;
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function clientOf(t: ExecutionContext, { address }: ServerProcess): DataClient {
  const client = connect(address, { deadlineMs: 25_000 });
  t.teardown(() => client[Symbol.asyncDispose]());
  return client;
}

/** One thing that happens to the store; the numbers are drawn. */
interface Event {
  readonly kind: "bit flips" | "shards swapped" | "an older shard" | "re-ingest";
  readonly one: (typeof IDS)[number];
  readonly other: (typeof IDS)[number];
  readonly array: "image" | "label" | "reference" | "locations/1" | "locations/2";
  readonly where: number;
  readonly step: number;
}

const events: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom("bit flips", "shards swapped", "an older shard", "re-ingest"),
  one: fc.constantFrom(...IDS),
  other: fc.constantFrom(...IDS),
  array: fc.constantFrom("image", "label", "reference", "locations/1", "locations/2"),
  where: fc.nat(),
  step: fc.nat(STEPS - 4),
});

test("flips, swaps and re-ingests under a running server: an answer is what its address means, or names the case", async (t) => {
  const folder = temporaryFolder(t);
  const folders = { raw: join(folder, "raw"), store: join(folder, "store") };
  const older = { raw: join(folder, "raw-older"), store: join(folder, "older") };
  writeDistinctCases(folders.raw, { a: 1, b: 2, c: 3 });
  writeDistinctCases(older.raw, { a: 51, b: 52, c: 53 });
  await ingestInto(older.store, older);
  await ingestInto(folders.store, folders);
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const counts = { right: 0, damaged: 0 };

  let truth = await truthOf(folders);
  let server = await spawnServerOf(t, folders.store, ...BY_REGION);
  let client = clientOf(t, server);
  const ask = async (event: Event) => {
    const asked = questions(client, truth, event);
    for (const [what, { answer, expected }] of Object.entries(asked)) {
      const want = await expected();
      try {
        t.deepEqual(await answer(), want, `${what} after ${JSON.stringify(event)}`);
        counts.right++;
      } catch (error) {
        if (!(error instanceof PatchstreamError)) throw error;
        t.is(error.code, "STORE_DAMAGED", `${what} after ${JSON.stringify(event)}: ${error.message}`);
        t.regex(error.message, /case [abc], chunk (image|label|reference|locations)/);
        counts.damaged++;
      }
    }
  };

  for (const event of fc.sample(events, { numRuns: testRounds(12), seed })) {
    if (event.kind === "re-ingest") {
      for (let again = 0; again < 2; again++) {
        writeDistinctCase(folders.raw, event.one, 100 + (event.where % 10_000) + again);
        await ingestInto(folders.store, folders);
        await ask(event);
      }
      await server.end("SIGTERM");
      await truth[Symbol.asyncDispose]();
      truth = await truthOf(folders);
      server = await spawnServerOf(t, folders.store, ...BY_REGION);
      client = clientOf(t, server);
    } else {
      const saved = `${folders.store}-saved`;
      cpSync(folders.store, saved, { recursive: true });
      damage(folders.store, older.store, event);
      await ask(event);
      for (const name of readdirSync(saved)) cpSync(join(saved, name), join(folders.store, name), { recursive: true });
      rmSync(saved, { recursive: true });
    }
    const before = counts.damaged;
    await ask(event);
    t.is(counts.damaged, before, "all is well again");
  }
  t.log(JSON.stringify(counts));
  t.true(counts.damaged > 0 && counts.right > 0);
  await truth[Symbol.asyncDispose]();
});

/** What a client asks, and what it must be told. */
function questions(client: DataClient, { store, checksum }: Truth, { one, step, where }: Event) {
  const region = { start: [where % 9, where % 11, where % 13], end: [SHAPE[0], SHAPE[1] - 9, SHAPE[2] - 3] } as const;
  const batches = [0, 1, 2, 3].map((more) => {
    const asked = { step: step + more };
    const answer = async () => (await client.getBatch(RUN, asked)).checksum;
    return [`batch ${asked.step}`, { answer, expected: () => checksum(asked.step) }] as const;
  });
  return {
    ...Object.fromEntries(batches),
    image: { answer: () => client.readImage(one), expected: () => store.readImage(one) },
    "image's region": {
      answer: () => client.readImage(one, { region }),
      expected: () => store.readImage(one, region),
    },
    label: { answer: () => client.readLabel(one), expected: () => store.readLabel(one) },
    reference: { answer: () => client.readReference(one), expected: () => store.readReference(one) },
    locations: { answer: () => client.readLocations(one, 1), expected: () => store.readLocations(one, 1) },
  };
}

function damage(store: string, older: string, { kind, one, other, array, where }: Event): void {
  const file = shardOf(store, one, array);
  const bytes = readFileSync(file);
  if (kind === "bit flips") {
    const at = Math.floor(where / 8) % bytes.length;
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (where % 8)), at);
    writeFileSync(file, bytes);
  } else if (kind === "an older shard") cpSync(shardOf(older, one, array), file);
  else {
    const second = shardOf(store, other, array);
    renameSync(second, `${second}.kept`);
    writeFileSync(second, bytes);
    renameSync(`${second}.kept`, file);
  }
}

test("a run that is streamed goes on through a re-ingest with the bytes of the generation it began with", async (t) => {
  const folder = temporaryFolder(t);
  const folders = { raw: join(folder, "raw"), store: join(folder, "store") };
  writeDistinctCases(folders.raw, { a: 1, b: 2, c: 3 });
  await ingestInto(folders.store, folders);
  await using truth = await truthOf(folders);
  const server = await spawnServerOf(t, folders.store, ...BY_REGION);
  const run = await clientOf(t, server).openRun(RUN, { creditBatches: 2 });
  let steps = 0;
  for await (const batch of run.batches()) {
    t.is(batch.checksum, await truth.checksum(batch.step), `step ${batch.step}`);
    if (steps++ === 3) {
      for (const id of IDS) writeDistinctCase(folders.raw, id, 77);
      await ingestInto(folders.store, folders);
    }
  }
  t.is(steps, STEPS);
  await using now = await openStore(folders.store);
  t.not(now.dataset.digest, truth.store.dataset.digest);
});
