import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import type { StoredCase } from "../../../loader/dataset/dataset.js";
import { ingest } from "../../../loader/dataset/ingest.js";
import { openStore } from "../../../loader/dataset/open-store.js";
import type { Store } from "../../../loader/dataset/store.js";
import { cropReference } from "../../../loader/engine/cut/crop.reference.js";
import { openEngine } from "../../../loader/engine/engine.js";
import type { BatchPlan } from "../../../plan/batch/batch-plan.js";
import { caseTable } from "../../../plan/batch/case-table.js";
import { ANNOTATED } from "../../../plan/label-set.js";
import { resolveSpec } from "../../../plan/run-spec/resolve.js";
import { foregroundLower } from "../../../plan/sampling/box.js";
import { planBatch } from "../../../plan/sampling/plan-batch.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { writeRawDataset } from "../../dataset/write-raw-dataset.js";

const test = anyTest as TestFn<{ folder: string; store: Store }>;

const SHAPE: Zyx = [14, 15, 16];
const PATCH: Zyx = [8, 8, 8];

/** How far a voxel lies from the middle of the volume; a ball of it leaves half of the voxels after the crop to nonzero. */
function distanceAt(voxel: number): number {
  const [z, y, x] = [
    Math.floor(voxel / SHAPE[2] / SHAPE[1]),
    Math.floor(voxel / SHAPE[2]) % SHAPE[1],
    voxel % SHAPE[2],
  ];
  return Math.hypot(z - 7, y - 7, x - 8);
}

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-mask-"));
  const distances = Array.from({ length: voxelCount(SHAPE) }, (_, voxel) => distanceAt(voxel));
  writeRawDataset(join(folder, "raw"), {
    channelNames: ["T1", "noNorm", "T2"],
    shape: SHAPE,
    image: { values: distances.map((distance, voxel) => (distance < 6 ? 1 + (voxel % 97) : 0)) },
    label: { values: distances.map((distance) => (distance < 2 ? 1 : distance < 4 ? 2 : 0)) },
  });
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 1 });
  t.context = { folder, store: await openStore(join(folder, "store")) };
});

test.after.always((t) => rm(t.context.folder, { recursive: true, force: true }));

function specOf({ dataset }: Store, augmentation: unknown) {
  const plan = { patchSize: PATCH, batchSize: 4, pooling: [1, 1, 1] };
  const spec = { dataset: dataset.name, split: { fold: "all" }, plan, augmentation };
  return resolveSpec(spec, { ...dataset, cases: caseTable(dataset) });
}

/** The image of one batch (N,C,Z,Y,X) and its label (N,Z,Y,X). */
async function cut(store: Store, augmentation: unknown, timeline: "train" | "val" = "train") {
  await using engine = await openEngine(store, { workers: 1, volumeBudgetBytes: 2 ** 22, slotBudgetBytes: 2 ** 20 });
  const spec = specOf(store, augmentation);
  const plan = planBatch(spec, caseTable(store.dataset), { timeline, step: 3, stage: 0 });
  const lease = await engine.cut(spec, plan);
  const [image, label] = lease.tensors;
  const batch = {
    plan,
    image: new Float32Array(lease.bytes.slice(0, image.byteLength).buffer),
    label: lease.bytes.slice(label.offset),
  };
  lease.release();
  return batch;
}

/** The label of each sample before -1 becomes 0, one after the other. */
async function storedLabels({ dataset, readLabel, readLocations }: Store, { crops }: BatchPlan): Promise<number[]> {
  const labels: number[] = [];
  for (const crop of crops) {
    const { shape } = dataset.cases.find(({ id }) => id === crop.case) as StoredCase;
    const extent: Zyx = [shape[1], shape[2], shape[3]];
    let lower: Zyx;
    if (crop.kind === "random") lower = crop.lower;
    else {
      const locations = await readLocations(crop.case, crop.kind === "annotated" ? ANNOTATED : crop.class);
      const at = locations.subarray(3 * crop.location, 3 * crop.location + 3) as unknown as Zyx;
      lower = foregroundLower([at[0], at[1], at[2]], extent, PATCH);
    }
    const label = { values: await readLabel(crop.case), shape: [1, ...extent] as const };
    const box = { lower, size: PATCH };
    labels.push(...Array.from(cropReference(label, box, [false, false, false], -1), ({ value }) => value));
  }
  return labels;
}

test("channels that were normalised within a mask are known, and nnU-Net's augmentation masks them", (t) => {
  const { store } = t.context;
  t.deepEqual(store.dataset.maskedChannels, [0, 2]);
  for (const profile of ["nnunet", "nnunet-nomirror"]) {
    const spec = specOf(store, profile);
    t.deepEqual(spec.augmentation.at(-1), { kind: "mask", channels: [0, 2] });
    t.deepEqual(specOf(store, spec.augmentation), spec);
  }
  t.deepEqual(specOf(store, "none").augmentation, []);
  t.deepEqual(specOf(store, [{ kind: "mask" }]).augmentation, [{ kind: "mask", channels: [0, 2] }]);
  t.deepEqual(specOf(store, [{ kind: "mask", channels: [1] }]).augmentation, [{ kind: "mask", channels: [1] }]);
  t.throws(() => specOf(store, [{ kind: "mask", channels: [3] }]), {
    message: "data.augmentation.mask.channels is [3]; it must be below 3, the data set's number of channels",
  });
});

test("noise stays within the mask of masked channels, and reaches everywhere in the others", async (t) => {
  const { store } = t.context;
  const noise = { kind: "noise", probability: 1, range: [1, 1] };
  const unmasked = await cut(store, [noise]);
  const masked = await cut(store, [noise, { kind: "mask" }]);
  const labels = await storedLabels(store, masked.plan);
  t.true(labels.includes(-1) && labels.includes(0) && labels.includes(2));
  const voxels = voxelCount(PATCH);
  const expected = unmasked.image.map((value, i) => {
    const [sample, channel] = [Math.floor(i / voxels / 3), Math.floor(i / voxels) % 3];
    return channel !== 1 && (labels[sample * voxels + (i % voxels)] as number) < 0 ? 0 : value;
  });
  t.deepEqual(masked.image, expected);
  t.deepEqual(masked.label, unmasked.label);
  t.true(unmasked.image.every((value) => value !== 0));
});

test("validation has no mask, as it has no augmentation", async (t) => {
  const { store } = t.context;
  const [plain, masked] = [await cut(store, "none", "val"), await cut(store, [{ kind: "mask" }], "val")];
  t.true(masked.plan.crops.every(({ transforms }) => transforms.length === 0));
  t.deepEqual(masked.image, plain.image);
});
