import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import { regionTargets } from "../../client/tensor-values.js";
import { ingest, openStore } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import type { DataSpecInput } from "../../plan/index.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";

const shape = [5, 6, 7];

/** The address and path of a served store whose voxel i has source label [0, 2, 7, 9][i mod 4]. */
async function serveLabels(t: ExecutionContext, json: Readonly<Record<string, unknown>>) {
  const folder = temporaryFolder(t);
  const values = Float32Array.from({ length: 210 }, (_, i) => [0, 2, 7, 9][i % 4] as number);
  writeRawDataset(join(folder, "raw"), { label: { shape, values, datatype: "uint8" }, json });
  const store = join(folder, "store");
  await ingest(join(folder, "raw"), store, { workers: 1 });
  const server = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  t.teardown(() => server.drain());
  return { address: server.address, store };
}

const specOf = (dataset: string): DataSpecInput => ({
  dataset,
  split: { train: ["phantom_1"], val: ["phantom_2"] },
  plan: { patchSize: [4, 4, 4], batchSize: 4, pooling: [1, 1, 1] },
  epochs: 1,
  stepsPerEpoch: 4,
  augmentation: "none",
});

test("regions and the ignore label reach the client, whose targets are each region's voxels", async (t) => {
  const labels = { background: 0, whole: [2, 7], core: 7, ignore: 9 };
  const { address, store } = await serveLabels(t, { labels, regions_class_order: [2, 7] });
  await using client = connect(address);
  const dataset = await client.describeDataset();
  await using opened = await openStore(store);
  const { sourceValues, regions, ignoreLabel, classes } = dataset;
  t.deepEqual({ sourceValues, classes }, { sourceValues: [0, 2, 7, 9], classes: [1, 2] });
  t.deepEqual(regions, opened.dataset.regions);
  t.is(ignoreLabel, 3);
  const batch = await client.getBatch(specOf(dataset.name), { step: 1 });
  t.is(batch.samples.length, 4);
  const { bytes } = batch.label;
  t.true(bytes.includes(3) && bytes.includes(1));
  const targets = regionTargets(batch.label, dataset);
  t.deepEqual(targets.shape, [4, 3, 4, 4, 4]);
  const voxels = 64;
  for (const [i, value] of bytes.entries()) {
    const at = Math.floor(i / voxels) * 3 * voxels + (i % voxels);
    t.deepEqual(
      [targets.values[at], targets.values[at + voxels], targets.values[at + 2 * voxels]],
      [Number(value === 1 || value === 2), Number(value === 2), Number(value === 3)],
    );
  }
});

test("what the crop to nonzero masked is -1 in a stored volume and 0 in batches, of both types and on both timelines", async (t) => {
  const folder = temporaryFolder(t);
  const bright = Float32Array.from({ length: 210 }, (_, i) => (i % 7 < 3 && i % 42 < 21 ? 0 : 1 + i));
  const background = Float32Array.from({ length: 210 }, (_, i) => (bright[i] === 0 ? 0 : i % 3));
  writeRawDataset(join(folder, "raw"), { image: { shape, values: bright }, label: { shape, values: background } });
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 1 });
  const server = await serve(join(folder, "store"), {
    workers: 1,
    volumeBudgetBytes: 64 << 20,
    slotBudgetBytes: 32 << 20,
  });
  t.teardown(() => server.drain());
  await using client = connect(server.address);
  t.true((await client.readLabel("phantom_1")).includes(-1));
  const augmentations: DataSpecInput["augmentation"][] = ["none", "nnunet", [{ kind: "mirror" }]];
  for (const augmentation of augmentations)
    for (const label of ["u8", "i16"] as const)
      for (const [timeline, step] of [
        ["train", 0],
        ["train", 3],
        ["val", 0],
      ] as const) {
        const spec = { ...specOf("raw"), wire: { label }, ...(augmentation && { augmentation }) };
        const batch = await client.getBatch(spec, { timeline, step });
        t.deepEqual(
          [...new Set(batch.label.data)].filter((value) => ![0, 1, 2].includes(value)),
          [],
        );
      }
});
