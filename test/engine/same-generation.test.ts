import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import test, { type ExecutionContext } from "ava";
import { openLocation } from "../../loader/dataset/open-store.js";
import { type Engine, type EngineOptions, ingest, openEngine, openStore, type Store } from "../../loader/index.js";
import { caseTable, PatchstreamError, planBatch, type ResolvedSpec, resolveSpec } from "../../plan/index.js";
import { writeDistinctCase, writeDistinctCases } from "../dataset/distinct-cases.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

const STEPS = 8;

/** Volumes in memory, and regions read from the store for each patch. */
const BUDGETS = { "from memory": 2 ** 22, "by region": 5 * 65_536 };

interface Distinct {
  readonly store: Store;
  /** Ingests anew, with other voxels in case b. */
  reingest(seed: number): Promise<void>;
  /** Bytes of each step, cut from a store that nothing happens to. */
  readonly expected: readonly Buffer[];
}

async function distinct(t: ExecutionContext): Promise<Distinct> {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  writeDistinctCases(raw, { a: 1, b: 2, c: 3 });
  const [path, untouched] = [join(folder, "store"), join(folder, "untouched")];
  for (const target of [path, untouched]) await ingest(raw, target, { workers: 1, name: "distinct" });
  const expected: Buffer[] = [];
  await using engine = await openEngine(untouched, { workers: 1, ...SMALL, volumeBudgetBytes: BUDGETS["from memory"] });
  const store = await openStore(path);
  for (let step = 0; step < STEPS; step++) expected.push(await cut(engine, store, step));
  const reingest = async (seed: number) => {
    writeDistinctCase(raw, "b", seed);
    await ingest(raw, path, { workers: 1, name: "distinct", force: true });
  };
  return { store, reingest, expected };
}

const SMALL = { slotBudgetBytes: 2 ** 21 };

async function engineOn(t: ExecutionContext, store: Store, options: EngineOptions): Promise<Engine> {
  const engine = await openEngine(store, { workers: 1, ...SMALL, ...options });
  t.teardown(() => engine[Symbol.asyncDispose]());
  return engine;
}

async function cut(engine: Engine, { dataset }: Store, step: number): Promise<Buffer> {
  const cases = caseTable(dataset);
  const data = {
    dataset: dataset.name,
    split: { fold: "all" },
    plan: { patchSize: [16, 16, 16], batchSize: 2, pooling: [1, 1, 1] },
    mode: "constant",
    augmentation: "none",
  };
  const spec: ResolvedSpec = resolveSpec(data, { ...dataset, cases });
  const lease = await engine.cut(spec, planBatch(spec, cases, { timeline: "train", step, stage: 0 }));
  const bytes = Buffer.from(lease.bytes);
  lease.release();
  return bytes;
}

/** Ends the worker threads that began since the call before. */
function threadEnder(t: ExecutionContext): () => Promise<void> {
  let threads: Worker[] = [];
  const onThread = (thread: Worker) => threads.push(thread);
  process.on("worker", onThread);
  t.teardown(() => process.off("worker", onThread));
  return async () => {
    const ended = threads;
    threads = [];
    for (const thread of ended) await thread.terminate();
  };
}

for (const [how, volumeBudgetBytes] of Object.entries(BUDGETS)) {
  test.serial(
    `${how}: an engine whose threads start again after a re-ingest cuts the bytes of its own generation`,
    async (t) => {
      const { store, reingest, expected } = await distinct(t);
      const endThreads = threadEnder(t);
      const engine = await engineOn(t, store, { volumeBudgetBytes });
      t.true(expected[0]?.equals(await cut(engine, store, 0)));
      await reingest(10);
      await endThreads();
      for (const [step, bytes] of expected.entries())
        t.true(bytes.equals(await cut(engine, store, step)), `step ${step}`);
    },
  );

  test.serial(
    `${how}: after a second re-ingest it cuts those bytes or names the case that is gone, never others`,
    async (t) => {
      const { store, reingest, expected } = await distinct(t);
      await reingest(10);
      await reingest(20);
      const engine = await engineOn(t, store, { volumeBudgetBytes });
      const outcomes = { same: 0, damaged: 0 };
      for (const [step, bytes] of expected.entries()) {
        try {
          t.true(bytes.equals(await cut(engine, store, step)), `step ${step}`);
          outcomes.same++;
        } catch (error) {
          t.true(error instanceof PatchstreamError, String(error));
          t.like((error as PatchstreamError).facts, { code: "STORE_DAMAGED", case: "b" });
          outcomes.damaged++;
        }
      }
      t.true(outcomes.same > 0 && outcomes.damaged > 0, JSON.stringify(outcomes));
    },
  );

  test.serial(`${how}: an engine whose store is away for a moment cuts again as soon as it is back`, async (t) => {
    const { store, expected } = await distinct(t);
    const engine = await engineOn(t, store, { volumeBudgetBytes });
    await rename(store.path, `${store.path}-away`);
    for (let step = 0; step < 2; step++) {
      const error = await t.throwsAsync(cut(engine, store, step), { instanceOf: PatchstreamError });
      t.like(error?.facts, { code: "STORE_DAMAGED", store: store.path });
    }
    await rename(`${store.path}-away`, store.path);
    for (const [step, bytes] of expected.entries())
      t.true(bytes.equals(await cut(engine, store, step)), `step ${step}`);
  });
}

test.serial("a location is plain data: what is opened from a copy of it reads the same generation", async (t) => {
  const { store, reingest } = await distinct(t);
  const location = structuredClone(store.location);
  const before = await store.readImage("b");
  await reingest(10);
  await using again = openLocation(location);
  t.is(again.dataset.digest, store.dataset.digest);
  t.deepEqual(await again.readImage("b"), before);
  await using now = await openStore(store.path);
  t.notDeepEqual(await now.readImage("b"), before);
});
