import { readFileSync } from "node:fs";
import test from "ava";
import { downsampleLabel, nearestVoxels } from "../../../loader/engine/cut/downsample-label.js";
import { deepLabelSizes } from "../../../plan/curriculum/levels.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";

/** Labels whose values are voxels' indices, by batchgeneratorsv2 itself; deep_supervision.py says how they are made. */
const { cases } = JSON.parse(
  readFileSync(new URL("../../../../test/golden/deep-supervision.json", import.meta.url), "utf8"),
) as {
  readonly cases: readonly {
    readonly size: Zyx;
    readonly strides: readonly Zyx[];
    readonly labels: readonly { readonly size: Zyx; readonly values: readonly number[] }[];
  }[];
};

test("labels of the decoder levels have batchgeneratorsv2's sizes and voxels, odd sizes and anisotropic strides too", (t) => {
  t.is(cases.length, 7);
  for (const { size, strides, labels } of cases) {
    const plan = { patchSize: size, batchSize: 1, pooling: [0, 0, 0], strides } as const;
    const sizes = deepLabelSizes({ plan, deepSupervision: true }, size);
    t.deepEqual(
      sizes,
      labels.map((label) => label.size),
    );
    const values = Int16Array.from({ length: voxelCount(size) }, (_, index) => index);
    for (const label of labels) {
      const target = new Int16Array(3 * label.values.length).fill(-7);
      downsampleLabel({ values, size }, nearestVoxels(size, label.size), target, 1);
      const around = label.values.map(() => -7);
      t.deepEqual([...target], [...around, ...label.values, ...around], `${size} to ${label.size}`);
    }
  }
});
