import { readFileSync } from "node:fs";
import test from "ava";
import { deepLabelSizes, stridesOf } from "../../plan/curriculum/levels.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import type { Zyx } from "../../plan/zyx.js";

const datasets = JSON.parse(readFileSync(new URL("../../../test/golden/plans15.json", import.meta.url), "utf8")) as {
  name: string;
  plan: NetworkPlan;
  stagePatches: Zyx[];
}[];

function sizesOf(plan: Pick<NetworkPlan, "pooling" | "strides">, patchSize: Zyx): Zyx[] {
  return deepLabelSizes({ plan: { patchSize, batchSize: 1, ...plan }, deepSupervision: true }, patchSize);
}

test("deep supervision of Hippocampus adds labels of 20x28x20 and 10x14x10", (t) => {
  t.deepEqual(sizesOf({ pooling: [3, 3, 3] }, [40, 56, 40]), [
    [20, 28, 20],
    [10, 14, 10],
  ]);
});

test("without deep supervision, and in a network of two levels, there is no further label", (t) => {
  const plan = { patchSize: [40, 56, 40], batchSize: 1, pooling: [3, 3, 3] } as const;
  t.deepEqual(deepLabelSizes({ plan, deepSupervision: false }, plan.patchSize), []);
  t.deepEqual(sizesOf({ pooling: [1, 1, 0] }, [4, 4, 4]), []);
});

test("an axis with fewer poolings is halved in the finest levels", (t) => {
  t.deepEqual(sizesOf({ pooling: [2, 6, 6] }, [20, 320, 256]), [
    [10, 160, 128],
    [5, 80, 64],
    [5, 40, 32],
    [5, 20, 16],
    [5, 10, 8],
  ]);
});

test("strides of the plan's own come first", (t) => {
  const strides: Zyx[] = [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
  ];
  t.deepEqual(stridesOf({ pooling: [1, 2, 2], strides }), strides);
  t.deepEqual(sizesOf({ pooling: [1, 2, 2], strides }, [8, 16, 16]), [[8, 8, 8]]);
});

test("at every stage of the 15 data sets the patch is a whole multiple of each label, one a level but the first and last", (t) => {
  for (const { name, plan, stagePatches } of datasets) {
    for (const patch of stagePatches) {
      const sizes = sizesOf(plan, patch);
      t.is(sizes.length, Math.max(...plan.pooling) - 1, name);
      for (const size of sizes)
        t.true(size.every((extent, axis) => Number.isInteger((patch[axis] as number) / extent)));
    }
  }
});
