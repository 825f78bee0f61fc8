import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { openLocation } from "../../loader/dataset/open-store.js";
import { type Engine, ingest, openEngine, openStore, type Store } from "../../loader/index.js";
import { caseTable, PatchstreamError, planBatch, type ResolvedSpec, resolveSpec } from "../../plan/index.js";
import { writeDistinctCase, writeDistinctCases } from "../dataset/distinct-cases.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

const STEPS = 8;

/** Volumes in memory, and regions read from the store for each patch. */
const BUDGETS = { "from memory": 2 ** 22, "by region": 5 * 65_536 };

interface Shared {
  readonly folder: string;
  /** Bytes of each step, cut from a store that nothing happens to. */
  readonly expected: readonly Buffer[];
}
const test = anyTest as TestFn<Shared>;

test.before(async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-generation-"));
  writeDistinctCases(join(folder, "raw"), { a: 1, b: 2, c: 3 });
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 1, name: "distinct" });
  await using store = await openStore(join(folder, "store"));
  await using engine = await openEngine(store, { workers: 1, ...SMALL, volumeBudgetBytes: BUDGETS["from memory"] });
  const expected: Buffer[] = [];
  for (let step = 0; step < STEPS; step++) expected.push(await cut(engine, store, step));
  t.context = { folder, expected };
});

test.after.always(({ context: { folder } }) => rmSync(folder, { recursive: true, force: true }));

interface Distinct {
  readonly store: Store;
  /** Ingests anew, with other voxels in case b. */
  reingest(seed: number): Promise<void>;
}

/** A copy of the shared store, for one test. */
async function distinct(t: ExecutionContext<Shared>): Promise<Distinct> {
  const folder = temporaryFolder(t);
  cpSync(t.context.folder, folder, { recursive: true });
  const [raw, path] = [join(folder, "raw"), join(folder, "store")];
  const store = await openStore(path);
  const reingest = async (seed: number) => {
    writeDistinctCase(raw, "b", seed);
    await ingest(raw, path, { workers: 1, name: "distinct", force: true });
  };
  return { store, reingest };
}

const SMALL = { slotBudgetBytes: 2 ** 21 };

/** An engine for each budget, by its name. */
async function enginesOn(t: ExecutionContext<Shared>, store: Store): Promise<readonly (readonly [string, Engine])[]> {
  return Promise.all(
    Object.entries(BUDGETS).map(async ([how, volumeBudgetBytes]) => {
      const engine = await openEngine(store, { workers: 1, ...SMALL, volumeBudgetBytes });
      t.teardown(() => engine[Symbol.asyncDispose]());
      return [how, engine] as const;
    }),
  );
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

test.serial("an engine whose threads start again after a re-ingest cuts the bytes of its own generation", async (t) => {
  const { expected } = t.context;
  const { store, reingest } = await distinct(t);
  const endThreads = threadEnder(t);
  const engines = await enginesOn(t, store);
  for (const [how, engine] of engines) t.true(expected[0]?.equals(await cut(engine, store, 0)), how);
  await reingest(10);
  await endThreads();
  for (const [how, engine] of engines)
    for (const [step, bytes] of expected.entries())
      t.true(bytes.equals(await cut(engine, store, step)), `${how}: step ${step}`);
});

test.serial("after a second re-ingest it cuts those bytes or names the case that is gone, never others", async (t) => {
  const { store, reingest } = await distinct(t);
  await reingest(10);
  await reingest(20);
  for (const [how, engine] of await enginesOn(t, store)) {
    const outcomes = { same: 0, damaged: 0 };
    for (const [step, bytes] of t.context.expected.entries()) {
      try {
        t.true(bytes.equals(await cut(engine, store, step)), `${how}: step ${step}`);
        outcomes.same++;
      } catch (error) {
        t.true(error instanceof PatchstreamError, String(error));
        t.like((error as PatchstreamError).facts, { code: "STORE_DAMAGED", case: "b" });
        outcomes.damaged++;
      }
    }
    t.true(outcomes.same > 0 && outcomes.damaged > 0, JSON.stringify({ how, ...outcomes }));
  }
});

test.serial("an engine whose store is away for a moment cuts again as soon as it is back", async (t) => {
  const { store } = await distinct(t);
  const engines = await enginesOn(t, store);
  await rename(store.path, `${store.path}-away`);
  for (const [how, engine] of engines)
    for (let step = 0; step < 2; step++) {
      const error = await t.throwsAsync(cut(engine, store, step), { instanceOf: PatchstreamError }, how);
      t.like(error?.facts, { code: "STORE_DAMAGED", store: store.path });
    }
  await rename(`${store.path}-away`, store.path);
  for (const [how, engine] of engines)
    for (const [step, bytes] of t.context.expected.entries())
      t.true(bytes.equals(await cut(engine, store, step)), `${how}: step ${step}`);
});

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
