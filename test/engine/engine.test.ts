import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { crc32 } from "node:zlib";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import fc from "fast-check";
import type { StoredCase } from "../../loader/dataset/dataset.js";
import { openStore } from "../../loader/dataset/open-store.js";
import type { Store } from "../../loader/dataset/store.js";
import { cropReference } from "../../loader/engine/cut/crop.reference.js";
import { type Engine, type EngineOptions, openEngine } from "../../loader/engine/engine.js";
import { LARGEST_ARENA_BYTES } from "../../loader/engine/memory/arenas.js";
import { boxRead, regionRoom } from "../../loader/engine/memory/region-source.js";
import { scratchBytes } from "../../loader/engine/memory/scratch.js";
import { largestLabel, volumeBytes } from "../../loader/engine/memory/volume-layout.js";
import { NNUNET_AUGMENTATION } from "../../plan/augment/augmentation.js";
import type { BatchPlan, Crop, DrawnBatchPlan, DrawnCrop } from "../../plan/batch/batch-plan.js";
import { caseTable } from "../../plan/batch/case-table.js";
import { ONLY_RANK } from "../../plan/batch/share.js";
import { shareTensors, tensorBytes } from "../../plan/batch/tensors.js";
import type { Stage } from "../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../plan/errors.js";
import { ANNOTATED } from "../../plan/label-set.js";
import { resolveSpec } from "../../plan/run-spec/resolve.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { foregroundLower } from "../../plan/sampling/box.js";
import { planBatch, planCrops } from "../../plan/sampling/plan-batch.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import { closeSampleEngine, openSampleEngine, ROOM, type SampleEngine } from "./sample-engine.js";
import { makeSampleStore } from "./sample-store.js";

const test = anyTest as TestFn<SampleEngine>;
type Context = ExecutionContext<SampleEngine>;

test.before(async (t) => {
  t.context = await openSampleEngine();
});
test.after.always((t) => closeSampleEngine(t.context));

/** An engine of the test's own, of one thread where not said: each takes a fifth of a second to start. */
async function engineFor(t: Context, options: EngineOptions = {}): Promise<Engine> {
  const engine = await openEngine(t.context.store, { workers: 1, ...ROOM, ...options });
  t.teardown(() => engine[Symbol.asyncDispose]());
  return engine;
}

const MIRRORED = [{ kind: "mirror", axes: [0, 1, 2] }];

function specOf({ dataset }: Store, fields: object = {}): ResolvedSpec {
  const spec = {
    dataset: dataset.name,
    split: { fold: "all" },
    plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] },
    mode: "performance",
    augmentation: MIRRORED,
    ...fields,
  };
  return resolveSpec(spec, { ...dataset, cases: caseTable(dataset) });
}

function planOf({ dataset }: Store, spec: ResolvedSpec, step: number, stage: number): DrawnBatchPlan {
  return planBatch(spec, caseTable(dataset), { timeline: "train", step, stage });
}

/** The smallest budget for volumes that these batches can be cut with, a case at a time. */
function leastBudget({ dataset }: Store, spec: ResolvedSpec, ...plans: readonly DrawnBatchPlan[]): number {
  const needs = plans.flatMap((plan) =>
    plan.crops.map((crop) => {
      const entry = dataset.cases.find(({ id }) => id === crop.case) as StoredCase;
      const box = boxRead({ lower: [0, 0, 0], size: plan.cropSize }, crop.transforms);
      return scratchBytes({ ...plan, ...spec }) + regionRoom(entry, [box], 0).bytes;
    }),
  );
  return 65_536 * Math.ceil(Math.max(...needs) / 65_536);
}

/** Cuts one batch and gives its memory back; what it held. */
async function cutBytes(engine: Engine, spec: ResolvedSpec, plan: BatchPlan): Promise<Buffer> {
  const lease = await engine.cut(spec, plan);
  const bytes = Buffer.from(lease.bytes);
  lease.release();
  return bytes;
}

/** A batch (f32, u8, channels-first) cut a voxel at a time from volumes read whole. */
async function referenceBatch(store: Store, plan: DrawnBatchPlan): Promise<Buffer> {
  const images: Buffer[] = [];
  const labels: Buffer[] = [];
  for (const crop of plan.crops) {
    const { shape } = store.dataset.cases.find(({ id }) => id === crop.case) as StoredCase;
    const [, ...extent] = shape;
    const box = { lower: await lowerOf(store, crop, extent, plan.cropSize), size: plan.patchSize };
    const axes = crop.transforms.flatMap((transform) => (transform.kind === "mirror" ? transform.axes : []));
    const mirror = [axes.includes(0), axes.includes(1), axes.includes(2)] as const;
    const image = { values: await store.readImage(crop.case), shape };
    const label = { values: await store.readLabel(crop.case), shape: [1, ...extent] as const };
    images.push(Buffer.from(Float32Array.from(cropReference(image, box, mirror, 0), ({ value }) => value).buffer));
    labels.push(
      Buffer.from(Array.from(cropReference(label, box, mirror, -1), ({ value }) => (value === -1 ? 0 : value))),
    );
  }
  return Buffer.concat([...images, ...labels]);
}

async function lowerOf(store: Store, crop: Crop, extent: Zyx, cropSize: Zyx): Promise<Zyx> {
  if (crop.kind === "random") return crop.lower;
  const locations = await store.readLocations(crop.case, crop.kind === "annotated" ? ANNOTATED : crop.class);
  const [z, y, x] = locations.subarray(3 * crop.location, 3 * crop.location + 3);
  return foregroundLower([z as number, y as number, x as number], extent, cropSize);
}

test("a batch of any stage equals the voxel-by-voxel reference, its tensors and checksum too", async (t) => {
  const { store, engine: roomy } = t.context;
  const spec = specOf(store);
  for (const stage of [0, 2, 6, 10, 14]) {
    const { patchSize, batchSize } = spec.stages[stage] as Stage;
    const plan = planOf(store, spec, 17, stage);
    const lease = await roomy.cut(spec, plan, { checksum: true });
    const expected = await referenceBatch(store, plan);
    t.true(expected.equals(lease.bytes), `stage ${stage}`);
    t.is(lease.checksum, crc32(expected));
    t.is(lease.bytes.byteLength, tensorBytes(shareTensors(spec, 1, { timeline: "train", stage })));
    t.deepEqual(
      lease.tensors.map(({ name, shape, offset }) => ({ name, shape, offset })),
      [
        { name: "image", shape: [batchSize, 1, ...patchSize], offset: 0 },
        { name: "label", shape: [batchSize, ...patchSize], offset: 4 * batchSize * voxelCount(patchSize) },
      ],
    );
    lease.release();
  }
});

test("the voxels of each class are counted where that is asked for, and the bytes stay as they are", async (t) => {
  const { store, engine: roomy } = t.context;
  const runs = (
    [
      ["u8", "none"],
      ["i16", "nnunet"],
    ] as const
  ).map(([label, augmentation]) => {
    const spec = specOf(store, { augmentation, wire: { image: "f16", label, layout: "channels-first" } });
    return { label, spec, plan: planOf(store, spec, 23, 3) };
  });
  const least = Math.max(...runs.map(({ spec, plan }) => leastBudget(store, spec, plan)));
  for (const engine of [roomy, await engineFor(t), await engineFor(t, { volumeBudgetBytes: least })]) {
    for (const { label, spec, plan } of runs) {
      const counted = await engine.cut(spec, plan, { countClasses: true });
      const [, { offset, byteLength }] = counted.tensors;
      const bytes = counted.bytes.slice(offset, offset + byteLength);
      const values = label === "u8" ? bytes : new Int16Array(bytes.buffer);
      t.deepEqual(
        counted.classVoxels,
        store.dataset.classes.map((one) => values.filter((value) => value === one).length),
      );
      const plain = await engine.cut(spec, plan);
      t.is(plain.classVoxels, undefined);
      t.false("checksum" in plain);
      t.true(Buffer.from(plain.bytes).equals(counted.bytes));
      plain.release();
      counted.release();
    }
  }
});

test("the bytes depend neither on workers, nor on what is in memory, nor on what is asked for at once", async (t) => {
  const { store } = t.context;
  const spec = specOf(store, { strategy: "single-crop" });
  const plans = [0, 3, 8, 14].map((stage) => planOf(store, spec, 5, stage));
  const expected = await Promise.all(plans.map((plan) => referenceBatch(store, plan)));
  const least = leastBudget(store, spec, ...plans);
  const largest = Math.max(...store.dataset.cases.map((one) => volumeBytes(one, largestLabel(store.dataset))));
  const settings: [string, EngineOptions][] = [
    ["one worker", {}],
    ["room for one volume", { volumeBudgetBytes: least + largest + 65_536, workers: 2 }],
    ["as little memory as can be, and many who want it", { volumeBudgetBytes: least, workers: 3 }],
    ["room for two batches, and more workers", { slotBudgetBytes: 2 ** 21, workers: 3 }],
    ["batches in another arena than volumes", { slotBudgetBytes: LARGEST_ARENA_BYTES }],
  ];
  for (const [what, options] of settings) {
    const engine = await engineFor(t, options);
    for (const pass of ["cold", "warm"]) {
      const cut = await Promise.all(plans.map((plan) => cutBytes(engine, spec, plan)));
      for (const [index, bytes] of cut.entries()) t.true(bytes.equals(expected[index] as Buffer), `${what}, ${pass}`);
    }
    t.is(engine.metrics.leasedSlots, 0);
  }
});

test("augmented bytes depend neither on workers nor on what is in memory", async (t) => {
  const { store } = t.context;
  const spec: ResolvedSpec = { ...specOf(store, { strategy: "split-crop" }), augmentation: NNUNET_AUGMENTATION };
  const plans = [2, 14].map((stage) => planOf(store, spec, 5, stage));
  const kinds = new Set(
    plans.flatMap(({ crops }) => crops.flatMap(({ transforms }) => transforms.map(({ kind }) => kind))),
  );
  t.is(kinds.size, 8, "every kind of transform is drawn");
  const plain = await referenceBatch(store, plans[0] as DrawnBatchPlan);
  let expected: Buffer[] | undefined;
  for (const options of [
    { workers: 1 },
    { workers: 3 },
    { volumeBudgetBytes: leastBudget(store, spec, ...plans) },
    { slotBudgetBytes: LARGEST_ARENA_BYTES },
  ]) {
    const engine = await engineFor(t, options);
    const cut = await Promise.all(plans.map((plan) => cutBytes(engine, spec, plan)));
    expected ??= cut;
    for (const [index, bytes] of cut.entries())
      t.true(bytes.equals(expected[index] as Buffer), JSON.stringify(options));
    t.false(plain.equals(cut[0] as Buffer));
  }
});

test("transforms that a plan leaves out are drawn where it is cut: the same bytes, for a rank's share and by region too", async (t) => {
  const { store, engine: roomy } = t.context;
  const spec: ResolvedSpec = { ...specOf(store, { strategy: "split-crop" }), augmentation: NNUNET_AUGMENTATION };
  const cases = caseTable(store.dataset);
  const addresses = [0, 14].map((stage) => ({ timeline: "train", step: 7, stage }) as const);
  const whole = addresses.map((address) => planBatch(spec, cases, address));
  const [one, regional] = [
    await engineFor(t),
    await engineFor(t, { volumeBudgetBytes: leastBudget(store, spec, ...whole) }),
  ];
  for (const rank of [ONLY_RANK, { rank: 1, ranks: 2 }]) {
    for (const address of addresses) {
      const left = planCrops(spec, cases, address, rank);
      t.true(left.crops.every(({ transforms }) => transforms === undefined));
      const expected = await cutBytes(one, spec, planBatch(spec, cases, address, rank));
      for (const [how, engine] of Object.entries({ roomy, regional }))
        t.true(expected.equals(await cutBytes(engine, spec, left)), JSON.stringify({ rank, address, how }));
    }
  }
});

test("validation batches are not augmented, whoever would draw it", async (t) => {
  const { store, engine: roomy } = t.context;
  const spec: ResolvedSpec = { ...specOf(store), augmentation: NNUNET_AUGMENTATION };
  const address = { timeline: "val", step: 3, stage: 14 } as const;
  const plain = await referenceBatch(store, planBatch(spec, caseTable(store.dataset), address));
  t.true(plain.equals(await cutBytes(roomy, spec, planCrops(spec, caseTable(store.dataset), address))));
});

test("the bytes are those of the plain path for any budget, strategy, stage and number of workers", async (t) => {
  const { store, engine: roomy } = t.context;
  const largest = Math.max(...store.dataset.cases.map((one) => volumeBytes(one, largestLabel(store.dataset))));
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 3 * largest }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom("split-crop", "single-crop"),
      fc.array(fc.record({ step: fc.nat({ max: 99 }), stage: fc.nat({ max: 14 }) }), { minLength: 1, maxLength: 3 }),
      async (more, workers, strategy, addresses) => {
        const spec = specOf(store, { strategy });
        const plans = addresses.map(({ step, stage }) => planOf(store, spec, step, stage));
        const volumeBudgetBytes = leastBudget(store, spec, ...plans) + more;
        await using engine = await openEngine(store, { workers, volumeBudgetBytes, slotBudgetBytes: 2 ** 23 });
        const cut = await Promise.all(plans.map((plan) => cutBytes(engine, spec, plan)));
        for (const [index, plan] of plans.entries())
          t.true((cut[index] as Buffer).equals(await cutBytes(roomy, spec, plan)));
      },
    ),
    { numRuns: 5 },
  );
});

test("with room for one volume of three it is loaded once, stays, and the others are read by region", async (t) => {
  const { store } = t.context;
  const largest = Math.max(...store.dataset.cases.map((one) => volumeBytes(one, largestLabel(store.dataset))));
  const engine = await engineFor(t, { volumeBudgetBytes: largest + 65_536 });
  const spec = specOf(store, { strategy: "single-crop" });
  const plan = planOf(store, spec, 0, 14);
  const one = plan.crops[0] as DrawnCrop;
  const crops = store.dataset.cases.map(({ id }, sample) => {
    return { kind: "random", sample, case: id, lower: [0, 0, 0], transforms: one.transforms } as const;
  });
  for (let round = 0; round < 3; round++) {
    for (const crop of crops)
      await cutBytes(engine, spec, { ...plan, cropSize: [8, 8, 8], patchSize: [8, 8, 8], crops: [crop] });
  }
  t.like(engine.metrics, { volumeLoads: 1, evictions: 0, cacheHits: 2, regionCuts: 6, croppedBytes: 9 * 512 * 6 });
  const before = engine.metrics.decodedBytes;
  await cutBytes(engine, spec, { ...plan, cropSize: [8, 8, 8], patchSize: [8, 8, 8], crops: crops.slice(0, 1) });
  t.is(engine.metrics.decodedBytes, before, "nothing is read again for the case in memory");
});

test("a case is loaded once, whatever asks for it at once", async (t) => {
  const { store } = t.context;
  const engine = await engineFor(t, { workers: 3 });
  const spec = specOf(store);
  await Promise.all([0, 1, 2, 3, 4, 5].map((step) => cutBytes(engine, spec, planOf(store, spec, step, 2))));
  t.true(engine.metrics.volumeLoads <= store.dataset.cases.length);
  t.is(engine.metrics.batches, 6);
  t.is(engine.metrics.evictions, 0);
});

test("a volume larger than the memory for volumes is read region by region, and counted", async (t) => {
  const { store } = t.context;
  const engine = await engineFor(t, { volumeBudgetBytes: 65_536 });
  const spec = specOf(store);
  const plan = planOf(store, spec, 4, 0);
  t.true((await referenceBatch(store, plan)).equals(await cutBytes(engine, spec, plan)));
  t.is(engine.metrics.regionCuts, plan.crops.length);
  t.is(engine.metrics.volumeLoads, 0);
});

test("boxes that leave the volume, or never touch it, are the same from memory and by region", async (t) => {
  const { store, engine: roomy } = t.context;
  const spec = specOf(store);
  const plan = planOf(store, spec, 0, 4);
  const { id } = store.dataset.cases[0] as StoredCase;
  const lowers: Zyx[] = [
    [-500, 0, 0],
    [0, 900, 0],
    [-20, -10, 30],
    [3, 4, -15],
    [-23, -15, -15],
    [30, 45, 30],
  ];
  const crops = lowers.map((lower, sample) => ({ kind: "random", sample, case: id, lower, transforms: [] }) as const);
  const expected = await referenceBatch(store, { ...plan, crops });
  const regional = await engineFor(t, { volumeBudgetBytes: leastBudget(store, spec, plan) });
  for (const [how, engine] of Object.entries({ roomy, regional }))
    t.true(expected.equals(await cutBytes(engine, spec, { ...plan, crops })), how);
});

test("Progressive Resolution's batches are the same from memory and by region", async (t) => {
  const { store, engine: roomy } = t.context;
  const spec = specOf(store, { mode: "progressive-resolution" });
  const plan = planOf(store, spec, 1, 6);
  t.notDeepEqual(plan.cropSize, plan.patchSize);
  const regional = await engineFor(t, { volumeBudgetBytes: leastBudget(store, spec, plan) });
  const bytes = await cutBytes(roomy, spec, plan);
  t.true(bytes.equals(await cutBytes(regional, spec, plan)));
  t.is(bytes.byteLength, tensorBytes(shareTensors(spec, 1, { timeline: "train", stage: 6 })));
});

/** The live worker threads of this process, from now on. */
function watchThreads(t: Context, onStart: (thread: Worker) => void = () => {}): Set<Worker> {
  const threads = new Set<Worker>();
  const onThread = (thread: Worker) => {
    threads.add(thread);
    thread.once("exit", () => threads.delete(thread));
    onStart(thread);
  };
  process.on("worker", onThread);
  t.teardown(() => process.off("worker", onThread));
  return threads;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test.serial("worker threads that die while they load or cut change a counter and nothing else", async (t) => {
  const { store } = t.context;
  const threads = watchThreads(t);
  const spec = specOf(store);
  const plan = planOf(store, spec, 2, 3);
  const expected = await referenceBatch(store, plan);
  t.timeout(120_000);
  for (const options of [{ workers: 1 }, { workers: 2, volumeBudgetBytes: leastBudget(store, spec, plan) }]) {
    const engine = await engineFor(t, options);
    // How far a thread is after so many turns is the machine's affair: rounds go on until one died at work.
    for (let round = 0; round < 4 || engine.metrics.workerDeaths === 0; round++) {
      const turns = (round * 3) % 11;
      const cutting = engine.cut(spec, plan, { checksum: true });
      for (let count = 0; count < turns; count++) await turn();
      await [...threads].at(-1 - (round % options.workers))?.terminate();
      const lease = await cutting;
      t.true(expected.equals(lease.bytes), `killed after ${turns} turns`);
      t.is(lease.checksum, crc32(expected));
      lease.release();
    }
  }
});

test.serial("a thread that dies at work, and its successor that dies while it starts, are both replaced", async (t) => {
  t.timeout(120_000);
  const { store } = t.context;
  const threads = watchThreads(t);
  const engine = await engineFor(t);
  const spec = specOf(store);
  const plan = planOf(store, spec, 2, 8);
  const expected = await cutBytes(engine, spec, plan);
  const cutting = cutBytes(engine, spec, plan);
  const [first] = threads;
  while (engine.metrics.openCuts === 0) await turn();
  await first?.terminate();
  while (threads.size === 0) await turn();
  const [second] = threads;
  t.not(second, first);
  await second?.terminate();
  t.true(expected.equals(await cutting));
});

test.serial("samples that every thread dies of end in one clear error, and the engine goes on", async (t) => {
  const { store } = t.context;
  let isDeadly = true;
  watchThreads(t, (thread) => {
    if (isDeadly) thread.terminate();
  });
  const engine = await engineFor(t);
  const spec = specOf(store);
  const plan = planOf(store, spec, 2, 8);
  const error = await t.throwsAsync(engine.cut(spec, plan), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "WORKER_DIED", attempts: 3 });
  t.regex(error?.message ?? "", /^3 worker threads died loading case hippocampus_\d+: /);
  isDeadly = false;
  t.true((await referenceBatch(store, plan)).equals(await cutBytes(engine, spec, plan)));
  t.is(engine.metrics.leasedSlots, 0);
});

test("an aborted cut rejects with the signal's reason, gives its slot back, and the next one is served", async (t) => {
  const { store } = t.context;
  const engine = await engineFor(t);
  const spec = specOf(store);
  const plan = planOf(store, spec, 0, 0);
  const stop = new AbortController();
  const [first, second, third] = [0, 1, 2].map((index) => {
    return engine.cut(spec, plan, index === 1 ? { signal: stop.signal } : {});
  }) as [ReturnType<Engine["cut"]>, ReturnType<Engine["cut"]>, ReturnType<Engine["cut"]>];
  stop.abort(new Error("nobody wants it any more"));
  await t.throwsAsync(second, { message: "nobody wants it any more" });
  const [one, other] = await Promise.all([first, third]);
  t.true(Buffer.from(one.bytes).equals(other.bytes));
  one.release();
  other.release();
  await t.throwsAsync(engine.cut(spec, plan, { signal: AbortSignal.abort(new Error("too late")) }), {
    message: "too late",
  });
  t.is(engine.metrics.leasedSlots, 0);
});

test("an aborted cut stops at its next patch: what it has not reached is not written", async (t) => {
  t.timeout(120_000);
  const { store } = t.context;
  const engine = await engineFor(t, { slotBudgetBytes: 2 ** 27 });
  const augmentation = NNUNET_AUGMENTATION;
  const small = specOf(store, { augmentation });
  for (let step = 0; engine.metrics.volumeLoads < store.dataset.cases.length; step++)
    await cutBytes(engine, small, planOf(store, small, step, 0));
  const { bytes, release } = await engine.cut(small, planOf(store, small, 0, 0));
  const slots = new Float32Array(bytes.buffer, bytes.byteOffset);
  const untouched = bytes.byteLength / 4; // until here the small batch was
  release();
  const large = specOf(store, { augmentation, plan: { patchSize: [40, 56, 40], batchSize: 250, pooling: [3, 3, 3] } });
  const plan = planOf(store, large, 0, 0);
  const voxels = voxelCount(plan.patchSize);
  t.true(plan.crops.length * voxels > 50 * untouched);
  const stop = new AbortController();
  const cutting = engine.cut(large, plan, { signal: stop.signal });
  const began = () => slots.subarray(untouched, untouched + voxels).some((value) => value !== 0);
  while (!began()) await turn();
  stop.abort(new Error("nobody wants it any more"));
  await t.throwsAsync(cutting, { message: "nobody wants it any more" });
  const end = plan.crops.length * voxels;
  t.true(slots.subarray(end - voxels, end).every((value) => value === 0));
  await cutBytes(engine, large, { ...plan, crops: plan.crops.slice(-1) });
  t.true(
    slots.subarray(0, voxels).some((value) => value !== 0),
    "the last patch is not all zeros",
  );
});

test("no memory beyond the slots' budget: a batch waits until an earlier one is released", async (t) => {
  const { store } = t.context;
  const engine = await engineFor(t, { slotBudgetBytes: 2 ** 20 });
  const spec = specOf(store);
  const plan = planOf(store, spec, 0, 14);
  const held = await engine.cut(spec, plan);
  const before = Buffer.from(held.bytes);
  const events: string[] = [];
  const waiting = engine.cut(spec, planOf(store, spec, 1, 14)).then((lease) => {
    events.push("cut");
    lease.release();
  });
  t.true(before.equals(held.bytes));
  t.is(engine.metrics.leasedSlots, 1);
  events.push("released");
  held.release();
  await waiting;
  t.deepEqual(events, ["released", "cut"]);
});

test("a batch that can never fit, and a case that is not there, are refused by name", async (t) => {
  const { store } = t.context;
  const engine = await engineFor(t, { slotBudgetBytes: 12 * 65_536 });
  const spec = specOf(store);
  const tooLarge = await t.throwsAsync(engine.cut(spec, planOf(store, spec, 0, 14)), { instanceOf: PatchstreamError });
  t.is(tooLarge?.code, "LIMIT_EXCEEDED");
  const plan = planOf(store, spec, 0, 12);
  const elsewhere = { ...plan, crops: plan.crops.slice(0, 1).map((crop) => ({ ...crop, case: "hippocampus_999" })) };
  const unknown = await t.throwsAsync(engine.cut(spec, elsewhere), { instanceOf: PatchstreamError });
  t.like(unknown?.facts, { code: "NOT_FOUND", name: "hippocampus_999" });
  t.is(engine.metrics.leasedSlots, 0);
});

test("damage in the store ends the batch with the case's name, from memory and by region alike", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-engine-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "store");
  await cp(t.context.store.path, path, { recursive: true });
  const shard = join(path, "hippocampus_052/image/c.0.0.0.0");
  const bytes = await readFile(shard);
  bytes[100] = (bytes[100] as number) ^ 1;
  await writeFile(shard, bytes);
  const store = await openStore(path);
  const spec = specOf(store, { strategy: "single-crop" });
  for (const volumeBudgetBytes of [65_536, 2 ** 22]) {
    const engine = await openEngine(path, { ...ROOM, workers: 1, volumeBudgetBytes });
    t.teardown(() => engine[Symbol.asyncDispose]());
    const error = await t.throwsAsync(cutBytes(engine, spec, planOf(store, spec, 0, 0)), {
      instanceOf: PatchstreamError,
    });
    t.like(error?.facts, { code: "STORE_DAMAGED", case: "hippocampus_052" });
    t.is(engine.metrics.leasedSlots, 0);
    t.is(engine.metrics.openCuts, 0);
  }
});

test("a budget too small for what a patch takes is named with the need, and one that just holds it is enough", async (t) => {
  const { store } = t.context;
  const spec = specOf(store, { strategy: "single-crop" });
  const plan = planOf(store, spec, 0, 14);
  const least = leastBudget(store, spec, plan);
  for (const volumeBudgetBytes of [0, least - 65_536]) {
    const engine = await engineFor(t, { volumeBudgetBytes });
    const error = await t.throwsAsync(engine.cut(spec, plan), { instanceOf: PatchstreamError });
    t.like(error?.facts, { code: "LIMIT_EXCEEDED", max: volumeBudgetBytes });
    t.regex(error?.message ?? "", /the part of the volume budget that cutting a patch takes.*larger volume budget/);
    t.is(engine.metrics.leasedSlots, 0);
  }
  const engine = await engineFor(t, { volumeBudgetBytes: least, workers: 2 });
  t.true((await referenceBatch(store, plan)).equals(await cutBytes(engine, spec, plan)));
});

test("an engine without a worker, or with budgets beyond the machine's memory, is refused", async (t) => {
  const none = await t.throwsAsync(openEngine(t.context.store, { workers: 0 }), { instanceOf: PatchstreamError });
  t.like(none?.facts, { code: "SPEC_INVALID", field: "workers", got: 0 });
  const huge = await t.throwsAsync(openEngine(t.context.store, { volumeBudgetBytes: 2 ** 50 }), {
    instanceOf: PatchstreamError,
  });
  t.like(huge?.facts, { code: "LIMIT_EXCEEDED", got: 2 ** 50 + Math.min(2 ** 29, totalmem() / 4), max: totalmem() });
});

test("a store that was replaced since it was opened is not cut from", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-engine-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "there");
  await cp(t.context.store.path, path, { recursive: true });
  const store = await openStore(path);
  const engine = await openEngine(store, { workers: 1, slotBudgetBytes: 2 ** 22, volumeBudgetBytes: 2 ** 22 });
  t.teardown(() => engine[Symbol.asyncDispose]());
  const spec = specOf(store);
  await rm(store.path, { recursive: true });
  await rename(await makeSampleStore(folder, ["hippocampus_003"]), store.path);
  const error = await t.throwsAsync(engine.cut(spec, planOf(store, spec, 0, 14)), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", store: store.path });
});

test("closing an engine ends what waits, and its memory's leases stay readable", async (t) => {
  const { store } = t.context;
  const engine = await openEngine(store, { workers: 1, slotBudgetBytes: 2 ** 21, volumeBudgetBytes: 2 ** 22 });
  const spec = specOf(store);
  const plan = planOf(store, spec, 0, 5);
  const lease = await engine.cut(spec, plan, { checksum: true });
  const cutting = [1, 2, 3, 4].map((step) => engine.cut(spec, planOf(store, spec, step, 5)));
  const closed = engine[Symbol.asyncDispose]();
  const outcomes = await Promise.allSettled(cutting);
  await closed;
  t.true(outcomes.some(({ status }) => status === "rejected"));
  const late: unknown = await engine.cut(spec, plan).catch((error: unknown) => error);
  t.like(late, { name: "AbortError", message: "The engine was closed." });
  t.is(lease.checksum, crc32(lease.bytes));
});
