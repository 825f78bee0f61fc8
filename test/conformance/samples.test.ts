import test from "ava";
import { connect } from "../../client/connect.js";
import { imageValues, labelValues } from "../../client/tensor-values.js";
import type { Batch, DataClient } from "../../client/types.js";
import type { Sample } from "../../plan/batch/sample.js";
import type { DataSpecInput } from "../../plan/run-spec/data-spec.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import { sameBytes } from "../dataset/same-bytes.js";
import { oneServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";

const server = oneServer(test);
const AS_CUT = { ...SMALL_RUN, augmentation: "none" } as const;

let opened: DataClient | undefined;
test.after.always(() => opened?.[Symbol.asyncDispose]());

async function open(): Promise<DataClient> {
  const { address } = await server();
  opened ??= connect(address);
  return opened;
}

/** A box of the first channel of a stored image, 0 outside of it. */
function boxOf(image: Float32Array, shape: Zyx, { start, size }: Sample): Float32Array {
  const box = new Float32Array(voxelCount(size));
  let at = 0;
  for (let z = start[0]; z < start[0] + size[0]; z++)
    for (let y = start[1]; y < start[1] + size[1]; y++)
      for (let x = start[2]; x < start[2] + size[2]; x++, at++) {
        const isInside = [z, y, x].every((voxel, axis) => voxel >= 0 && voxel < (shape[axis] as number));
        if (isInside) box[at] = image[(z * shape[1] + y) * shape[2] + x] as number;
      }
  return box;
}

/** A share of some steps of each stage. */
async function batchesOf(client: DataClient, spec: DataSpecInput, rank: number, ranks: number): Promise<Batch[]> {
  const run = await client.openRun(spec, { rank, ranks });
  const batches: Batch[] = [];
  for await (const batch of run.batches({ from: 5, to: 19 })) batches.push(batch);
  return batches;
}

test("without augmentation every sample is the box that the batch says, and has the class that it was drawn for", async (t) => {
  const client = await open();
  const { cases } = await client.describeDataset();
  const images = new Map<string, { readonly image: Float32Array; readonly shape: Zyx }>();
  for (const { id, shape } of cases)
    images.set(id, { image: await client.readImage(id), shape: [shape[1], shape[2], shape[3]] });
  let foreground = 0;
  for (const batch of await batchesOf(client, AS_CUT, 0, 1)) {
    const image = imageValues(batch.image, false).values;
    const label = labelValues(batch.label);
    t.is(batch.samples.length, batch.globalBatch);
    for (const [index, sample] of batch.samples.entries()) {
      const voxels = voxelCount(batch.patchSize);
      const { image: stored, shape } = images.get(sample.case) as { image: Float32Array; shape: Zyx };
      t.deepEqual(sample.size, batch.patchSize);
      t.true(sameBytes(image.slice(index * voxels, (index + 1) * voxels), boxOf(stored, shape, sample)));
      t.is(sample.kind === "foreground", sample.class !== 0);
      if (sample.kind === "random") continue;
      foreground++;
      t.true(label.slice(index * voxels, (index + 1) * voxels).includes(sample.class));
    }
  }
  t.true(foreground > 0);
});

test("the samples of all ranks are those of the only one", async (t) => {
  const client = await open();
  const whole = await batchesOf(client, AS_CUT, 0, 1);
  const shares = [await batchesOf(client, AS_CUT, 0, 2), await batchesOf(client, AS_CUT, 1, 2)] as const;
  for (const [step, { samples }] of whole.entries())
    for (const [j, sample] of samples.entries()) t.deepEqual(shares[j % 2]?.[step]?.samples[Math.floor(j / 2)], sample);
});

test("augmentation does not move the boxes", async (t) => {
  const client = await open();
  const still = await batchesOf(client, AS_CUT, 0, 1);
  const augmented = await batchesOf(client, SMALL_RUN, 0, 1);
  t.deepEqual(
    augmented.map(({ samples }) => samples),
    still.map(({ samples }) => samples),
  );
});
