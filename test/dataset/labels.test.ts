import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ingest, openStore, type Store } from "../../loader/index.js";
import { caseTable, locationClasses, planBatch, resolveSpec } from "../../plan/index.js";
import { temporaryFolder } from "./temporary-folder.js";
import { writeNifti } from "./write-nifti.js";
import { writeRawDataset } from "./write-raw-dataset.js";

const shape = [5, 6, 7];
const VOXELS = 210;

/** Where a location (Z,Y,X) of a stored case lies in its label. */
function indexOf(store: Store, caseId: string, location: Uint32Array): number {
  const [, , height, width] = store.dataset.cases.find(({ id }) => id === caseId)?.shape ?? [0, 0, 0, 0];
  const [z, y, x] = location as unknown as [number, number, number];
  return (z * height + y) * width + x;
}

/** The store of two phantoms whose voxel i has the label `labelAt(i)`. */
async function storeOf(
  t: ExecutionContext,
  labels: Readonly<Record<string, unknown>>,
  labelAt: (voxel: number) => number,
  json: Readonly<Record<string, unknown>> = {},
): Promise<Store> {
  const folder = temporaryFolder(t);
  const values = Int16Array.from({ length: VOXELS }, (_, i) => labelAt(i));
  const label = { shape, values: Float32Array.from(values), datatype: "int16" } as const;
  writeRawDataset(join(folder, "raw"), { label, json: { labels, ...json } });
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 0 });
  const store = await openStore(join(folder, "store"));
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
}

const cases: Record<string, readonly [zero: number, one: number, two: number]> = {
  "0, 1, 5": [0, 1, 5],
  "0, 500, 205": [0, 500, 205],
};

for (const [what, sources] of Object.entries(cases)) {
  test(`labels ${what} are stored as 0, 1, 2 in ascending order, and the store tells what the files call them`, async (t) => {
    const [, one, two] = sources;
    const store = await storeOf(t, { background: 0, one, two }, (i) => sources[i % 3] as number);
    const ascending = [...sources].sort((a, b) => a - b);
    const twin = await storeOf(t, { background: 0, a: 1, b: 2 }, (i) => ascending.indexOf(sources[i % 3] as number));
    t.is(store.dataset.digest, twin.dataset.digest);
    t.deepEqual(store.dataset.sourceValues, ascending);
    t.deepEqual(twin.dataset.sourceValues, [0, 1, 2]);
    t.deepEqual(store.dataset.labels, { background: 0, one: ascending.indexOf(one), two: ascending.indexOf(two) });
    t.deepEqual(await store.readLabel("phantom_1"), await twin.readLabel("phantom_1"));
    t.deepEqual(await store.readReference("phantom_1"), await twin.readReference("phantom_1"));
  });
}

test("the same files with other label values are other data for a finished store", async (t) => {
  const folder = temporaryFolder(t);
  const [raw, store] = [join(folder, "raw"), join(folder, "store")];
  const write = (second: number) =>
    writeRawDataset(raw, {
      label: { shape, values: Float32Array.from({ length: VOXELS }, (_, i) => i % 2), datatype: "int16" },
      json: { labels: { background: 0, first: 1, second } },
    });
  write(2);
  await ingest(raw, store, { workers: 0 });
  write(7);
  await t.throwsAsync(ingest(raw, store, { workers: 0 }), { message: /Its labels are others/ });
});

test("a region has the locations of all of its values, in the order of dataset.json", async (t) => {
  const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], active: 3 };
  const store = await storeOf(t, labels, (i) => i % 4, { regions_class_order: [1, 2, 3] });
  const { dataset } = store;
  t.deepEqual(dataset.classes, [1, 2, 3]);
  t.deepEqual(dataset.regions, [
    { name: "whole", values: [1, 2, 3], exportValue: 1 },
    { name: "core", values: [2, 3], exportValue: 2 },
    { name: "active", values: [3], exportValue: 3 },
  ]);
  t.deepEqual(dataset.labels, { background: 0, "label 1": 1, "label 2": 2, active: 3 });
  const label = await store.readLabel("phantom_1");
  for (const [index, { values }] of (dataset.regions ?? []).entries()) {
    const expected = [...label.keys()].filter((i) => values.includes(label[i] as number));
    const found = await store.readLocations("phantom_1", index + 1);
    t.deepEqual(
      Array.from({ length: found.length / 3 }, (_, k) => indexOf(store, "phantom_1", found.subarray(3 * k))),
      expected,
    );
  }
});

test("a value without a name of its own gets one that dataset.json has not given to anything else", async (t) => {
  const labels = { background: 0, "label 1": [2, 3], "label 2": [1, 2, 3], "label 3": 2, "label 3_": [2, 4] };
  const { dataset } = await storeOf(t, labels, (i) => i % 5, { regions_class_order: [1, 2, 3, 4] });
  t.deepEqual(dataset.labels, { background: 0, "label 1_": 1, "label 3": 2, "label 3__": 3, "label 4": 4 });
  t.deepEqual(
    dataset.regions?.map(({ name }) => name),
    ["label 1", "label 2", "label 3", "label 3_"],
  );
});

test("nothing is drawn around ignored voxels: random patches lie around labelled ones, foreground ones around classes", async (t) => {
  const labels = { background: 0, first: 1, ignore: 9 };
  const store = await storeOf(t, labels, (i) => (i < 70 ? [0, 1][i % 2] : 9) as number);
  const { dataset } = store;
  t.is(dataset.ignoreLabel, 2);
  t.deepEqual(dataset.classes, [1]);
  t.deepEqual(locationClasses(dataset), [1, 0]);
  t.deepEqual(dataset.cases[0]?.foregroundCounts, [35, 70]);
  const table = caseTable(dataset);
  const spec = resolveSpec(
    {
      dataset: dataset.name,
      split: { train: ["phantom_1", "phantom_2"], val: [] },
      plan: { patchSize: [4, 4, 4], batchSize: 6, pooling: [1, 1, 1] },
      epochs: 1,
      stepsPerEpoch: 20,
      augmentation: "none",
    },
    { ...dataset, cases: table },
  );
  const kinds = new Set<string>();
  for (let step = 0; step < 20; step++) {
    for (const crop of planBatch(spec, table, { timeline: "train", step, stage: 0 }).crops) {
      kinds.add(crop.kind);
      if (crop.kind === "random") continue;
      const list = await store.readLocations(crop.case, crop.kind === "annotated" ? 0 : crop.class);
      const label = await store.readLabel(crop.case);
      t.not(label[indexOf(store, crop.case, list.subarray(3 * crop.location))], 2);
    }
  }
  t.deepEqual([...kinds].sort(), ["annotated", "foreground"]);
});

test("a case that is ignored everywhere gives random patches", async (t) => {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  writeRawDataset(raw, { json: { labels: { background: 0, first: 1, second: 2, ignore: 3 } } });
  writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), {
    shape,
    values: new Float32Array(VOXELS).fill(3),
    datatype: "uint8",
  });
  await ingest(raw, join(folder, "store"), { workers: 0 });
  await using store = await openStore(join(folder, "store"));
  const table = caseTable(store.dataset);
  const ignored = table.cases[1];
  t.deepEqual(ignored?.foregroundCounts, [0, 0, 0]);
  const spec = resolveSpec(
    {
      dataset: store.dataset.name,
      split: { train: ["phantom_2"], val: ["phantom_1"] },
      plan: { patchSize: [4, 4, 4], batchSize: 3, pooling: [1, 1, 1] },
      epochs: 1,
      stepsPerEpoch: 1,
    },
    { ...store.dataset, cases: table },
  );
  const { crops } = planBatch(spec, table, { timeline: "train", step: 0, stage: 0 });
  t.deepEqual(
    crops.map(({ kind }) => kind),
    ["random", "random", "random"],
  );
});
