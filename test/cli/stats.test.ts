import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { ingest } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import { SMALL_RUN, STAGE_STEPS } from "../conformance/small-run.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { patchstream, patchstreamHere } from "./command.js";

const test = anyTest as TestFn<{ folder: string; store: string; run: string }>;

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-stats-"));
  const store = await makeSampleStore(folder);
  const run = join(folder, "run.json");
  await writeFile(run, JSON.stringify({ data: SMALL_RUN }));
  t.context = { folder, store, run };
});

test.after.always((t) => rm(t.context.folder, { recursive: true, force: true }));

interface Spread {
  readonly mean: number;
  readonly p5: number;
  readonly p95: number;
}

interface StageJson {
  readonly stage: number;
  readonly counted: number;
  readonly foregroundShare: Spread;
  readonly classesSeen: Spread;
  readonly patchSizeRatio: number;
}

/** The label values of a batch as `get` writes them. */
async function labelsOf(store: string, run: string, step: number, stage: number, out: string): Promise<Int16Array> {
  const { code, stderr } = await patchstreamHere(
    ...["get", "--store", store, "--run", run, "--step", `${step}`, "--stage", `${stage}`, "--out", out],
  );
  if (code !== 0) throw new Error(stderr);
  const file = await readFile(join(out, "label.npy"));
  return new Int16Array(Uint8Array.from(file.subarray(10 + file.readUInt16LE(8))).buffer);
}

test("store and server give the same figures, which are those of get's labels", async (t) => {
  const { store, run, folder } = t.context;
  await using server = await serve(store, { workers: 1, volumeBudgetBytes: 2 ** 24, slotBudgetBytes: 2 ** 24 });
  const local = await patchstream("stats", "--store", store, "--run", run, "--per-stage", "2", "--json");
  const remote = await patchstreamHere("stats", "--data", server.address, "--run", run, "--per-stage", "2", "--json");
  t.is(local.stderr, "");
  t.deepEqual(JSON.parse(remote.stdout), JSON.parse(local.stdout));
  const { stages } = JSON.parse(local.stdout) as { stages: StageJson[] };
  t.deepEqual(
    stages.map(({ stage, counted }) => [stage, counted]),
    [
      [0, 2],
      [1, 2],
      [2, 2],
    ],
  );
  for (const { stage, foregroundShare, classesSeen, patchSizeRatio } of stages) {
    const steps = [stage * STAGE_STEPS, stage * STAGE_STEPS + STAGE_STEPS / 2];
    const labels = [];
    for (const step of steps) labels.push(await labelsOf(store, run, step, stage, join(folder, "batch")));
    const shares = labels.map((values) => values.filter((value) => value > 0).length / values.length);
    const seen = labels.map((values) => new Set(values.filter((value) => value > 0)).size / 2);
    for (const [spread, values] of [
      [foregroundShare, shares],
      [classesSeen, seen],
    ] as const) {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const expected = { mean: (low + high) / 2, p5: low + 0.05 * (high - low), p95: low + 0.95 * (high - low) };
      for (const key of ["mean", "p5", "p95"] as const) t.true(Math.abs(spread[key] - expected[key]) < 1e-12, key);
    }
    const [z, y, x] = (SMALL_RUN.stages[stage] as (typeof SMALL_RUN.stages)[number]).patchSize;
    t.is(patchSizeRatio, (z * y * x) / (40 * 56 * 40));
  }
});

test("of regions and an ignore label the foreground values are counted, and ignored voxels are not", async (t) => {
  const { folder } = t.context;
  const values = Float32Array.from({ length: 12 * 10 * 8 }, (_, i) => [0, 2, 2, 7, 9, 9, 9][i % 7] as number);
  const labels = { background: 0, whole: [2, 7], core: 7, ignore: 9 };
  writeRawDataset(join(folder, "Regions"), {
    shape: [12, 10, 8],
    label: { shape: [12, 10, 8], values, datatype: "uint8" },
    json: { labels, regions_class_order: [2, 7] },
  });
  const store = join(folder, "regions");
  await ingest(join(folder, "Regions"), store, { workers: 0 });
  const run = join(folder, "regions.json");
  const data = {
    dataset: "Regions",
    split: { train: ["phantom_1"], val: ["phantom_2"] },
    plan: { patchSize: [8, 8, 4], batchSize: 3, pooling: [1, 1, 1] },
    epochs: 1,
    stepsPerEpoch: 2,
    augmentation: "none",
  };
  await writeFile(run, JSON.stringify({ data }));
  const { stdout } = await patchstreamHere("stats", "--store", store, "--run", run, "--steps", "1:2", "--json");
  const [stage] = (JSON.parse(stdout) as { stages: StageJson[] }).stages;
  const stored = await labelsOf(store, run, 1, 0, join(folder, "regions-batch"));
  t.deepEqual([...new Set(stored)].sort(), [0, 1, 2, 3]);
  t.is(stage?.foregroundShare.mean, stored.filter((value) => value === 1 || value === 2).length / stored.length);
  t.is(stage?.classesSeen.mean, 1);
  await using server = await serve(store, { workers: 1, volumeBudgetBytes: 2 ** 24, slotBudgetBytes: 2 ** 24 });
  const remote = await patchstreamHere("stats", "--data", server.address, "--run", run, "--steps", "1:2", "--json");
  t.deepEqual(JSON.parse(remote.stdout), JSON.parse(stdout));
});

test("a range of steps is counted at the scheduled stages, and the table has at most 100 columns", async (t) => {
  const { store, run } = t.context;
  const range = ["stats", "--store", store, "--run", run, "--steps", `${STAGE_STEPS - 1}:${STAGE_STEPS + 2}`];
  const { stages } = JSON.parse((await patchstreamHere(...range, "--json")).stdout) as { stages: StageJson[] };
  t.deepEqual(
    stages.map(({ stage, counted }) => [stage, counted]),
    [
      [0, 1],
      [1, 2],
    ],
  );
  const { stdout } = await patchstreamHere(...range);
  t.true(stdout.split("\n").every((line) => line.length <= 100));
  t.regex(stdout, /^ +0 +8x8x8 +6 +1 +\d+\.\d % /m);
});

test("steps past the end are named, and wrong use is exit code 2", async (t) => {
  const { store, run } = t.context;
  const stats = (...args: string[]) => patchstreamHere("stats", "--run", run, ...args);
  const beyond = await stats("--store", store, "--steps", "20:25");
  t.is(beyond.code, 1, beyond.stderr);
  t.regex(beyond.stderr, /step 24 does not exist/);
  for (const args of [[], ["--store", store, "--steps", "5:5"], ["--store", store, "--per-stage", "0"]]) {
    t.is((await stats(...args)).code, 2, args.join(" "));
  }
});
