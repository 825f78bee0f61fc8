import { readFileSync } from "node:fs";
import test from "ava";
import { coarseAxis } from "../../../plan/anisotropy.js";
import type { Zyx } from "../../../plan/index.js";
import { gaussianImportance } from "../../../trainer/inference/gaussian.js";
import type { Axis } from "../../../trainer/inference/mirror.js";
import { resampleLinear } from "../../../trainer/inference/resample.js";

interface Golden {
  gaussian: { patch: Zyx; expected: number[] }[];
  resampling: { from: Zyx; to: Zyx; axis: Axis | null; values: number[]; expected: number[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../../test/trainer/golden/inference.json", import.meta.url), "utf8"),
) as Golden;

for (const { patch, expected } of golden.gaussian) {
  test(`the weights of a ${patch.join("x")} window are SciPy's`, (t) => {
    const weights = gaussianImportance(patch);
    t.is(weights.length, expected.length);
    // Both round a product of about ten double operations once to float32: one unit in the last place of float32 apart.
    for (const [i, want] of expected.entries()) {
      t.true(Math.abs((weights[i] as number) - want) <= want * 2 ** -23, `voxel ${i}: ${weights[i]}, SciPy ${want}`);
    }
  });
}

for (const { from, to, axis, values, expected } of golden.resampling) {
  const how = axis === null ? "linear" : `linear, nearest along axis ${axis}`;
  test(`${from.join("x")} resampled to ${to.join("x")} (${how}) is SciPy's`, (t) => {
    const resampled = resampleLinear(Float32Array.from(values), from, to, axis ?? undefined);
    t.is(resampled.length, expected.length);
    // Three passes, each rounding a convex combination of values below 4 to float32: at most 3 x 2^-22.
    for (const [i, want] of expected.entries()) {
      t.true(Math.abs((resampled[i] as number) - want) <= 4 * 2 ** -22, `voxel ${i}: ${resampled[i]}, SciPy ${want}`);
    }
  });
}

test("the coarse axis is the one over three times the finest spacing, of either grid, and only when there is one", (t) => {
  t.is(coarseAxis([1, 1, 1], [1, 1, 1]), undefined);
  t.is(coarseAxis([3.1, 1, 1], [1, 1, 1]), 0);
  t.is(coarseAxis([1, 1, 1], [0.5, 0.5, 2]), 2);
  t.is(coarseAxis([3, 1, 1], [1, 1, 1]), undefined);
  t.is(coarseAxis([5, 5, 1], [1, 1, 1]), undefined, "two coarse axes are none");
});
