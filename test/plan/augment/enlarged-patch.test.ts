import test from "ava";
import { foregroundLower, randomStartBounds } from "../../../plan/sampling/box.js";
import type { Zyx } from "../../../plan/zyx.js";

/**
 * Where the patch of `patch` voxels that nnU-Net crops out of the middle of an enlarged one may start, on one axis: its
 * `get_bbox` (`data_loader.py`), then batchgeneratorsv2's `crop_tensor` about floor(enlarged / 2).
 */
function startsInEnlarged(shape: number, patch: number, enlarged: number) {
  const margin = enlarged - patch;
  const need = margin + shape < enlarged ? enlarged - shape : margin;
  const lower = Math.floor(-need / 2);
  const upper = shape + Math.floor(need / 2) + (need % 2) - enlarged;
  const middle = Math.floor(enlarged / 2) - Math.floor(patch / 2);
  const aroundVoxel = (voxel: number) => Math.max(lower, voxel - Math.floor(enlarged / 2)) + middle;
  return { lower: lower + middle, upper: upper + middle, aroundVoxel };
}

const SIZES = Array.from({ length: 24 }, (_, index) => index + 1);
const cube = (size: number): Zyx => [size, size, size];

test("patches start where nnU-Net's do, which it crops out of enlarged ones: the same voxels for an even margin, one more or less at one end for an odd one", (t) => {
  let same = true;
  let within = true;
  for (const shape of SIZES) {
    for (const patch of SIZES) {
      const ours = randomStartBounds(cube(shape), cube(patch));
      for (let enlarged = patch; enlarged <= 2 * patch + 1; enlarged++) {
        const { lower, upper } = startsInEnlarged(shape, patch, enlarged);
        const apart = Math.abs(lower - ours.lower[0]) + Math.abs(upper - ours.upper[0]);
        same &&= apart === 0 || (enlarged - patch) % 2 === 1;
        within &&= apart <= 1;
      }
    }
  }
  t.true(same);
  t.true(within);
});

test("so do patches around a foreground voxel, wherever it lies", (t) => {
  let within = true;
  for (const shape of SIZES) {
    for (const patch of SIZES) {
      for (const voxel of SIZES.slice(0, shape).map((size) => size - 1)) {
        const [ours] = foregroundLower(cube(voxel), cube(shape), cube(patch));
        for (let enlarged = patch; enlarged <= 2 * patch + 1; enlarged++) {
          const apart = Math.abs(startsInEnlarged(shape, patch, enlarged).aroundVoxel(voxel) - ours);
          within &&= apart <= (enlarged - patch) % 2;
        }
      }
    }
  }
  t.true(within);
});
