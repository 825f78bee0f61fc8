import test from "ava";
import { targetGrid } from "../../loader/dataset/preprocess/target-grid.js";
import type { Zyx } from "../../plan/zyx.js";

const gridOf = (shape: Zyx, spacingMm: Zyx, newSpacingMm: Zyx, channels = 1) =>
  targetGrid("a.nii", { channels, shape, spacingMm }, newSpacingMm);

test("a grid of more values than an arena holds is refused, whichever step of resampling has them", (t) => {
  const refused = (...image: Parameters<typeof gridOf>) => t.throws(() => gridOf(...image))?.message ?? "";
  t.is(
    refused([10, 20, 30], [1e6, 1e6, 1e6], [1, 2, 1]),
    "a.nii: its 10x20x30 voxels of 1000000x1000000x1000000 mm are 3e+21 values at the spacing of 1x2x1 mm; " +
      "it must be of a spacing with which it has at most 1073741824 values there",
  );
  // In the end there are 2^22 voxels, on the way 2^33.
  t.regex(refused([1, 2 ** 10, 2 ** 11], [64, 64, 1], [1, 1, 2 ** 11]), /are 8589934592 values/);
  t.regex(
    refused([1, 1, 2 ** 17], [1, 1, 1], [1, 1, 1]),
    /are 1x1x131072 at .* it must be of at most 65536 voxels along/,
  );
  t.regex(refused([1, 1, 1], [1, 1, 1e308], [1, 1, 1e-308]), /are Infinity values/);
  t.regex(refused([2 ** 10, 2 ** 10, 2 ** 9], [1, 1, 1], [1, 1, 1], 3), /are 1610612736 values/);
  t.deepEqual(gridOf([2 ** 10, 2 ** 10, 2 ** 9], [1, 1, 1], [1, 1, 1], 2).newShape, [2 ** 10, 2 ** 10, 2 ** 9]);
});

test("a grid without voxels is refused", (t) => {
  t.is(
    t.throws(() => gridOf([10, 20, 30], [1, 1, 1e-6], [1, 1, 1]))?.message,
    "a.nii: its 10x20x30 voxels of 1x1x0.000001 mm are none at the spacing of 1x1x1 mm; it must be an image with content",
  );
});

test("the bytes of resampling count all channels, and one channel before and after an axis", (t) => {
  const taps = 36 * 8;
  t.is(gridOf([4, 4, 8], [1, 1, 1], [1, 1, 1], 2).resamplingBytes, 4 * 2 * 128 + taps);
  t.is(gridOf([2, 4, 8], [2, 1, 1], [1, 1, 1], 2).resamplingBytes, 4 * (2 * 128 + 128) + taps);
  t.is(gridOf([2, 2, 8], [2, 2, 1], [1, 1, 1], 2).resamplingBytes, 4 * (2 * 128 + 64 + 128) + taps);
  // One coarse axis comes last.
  t.is(gridOf([1, 4, 4], [4, 1, 1], [1, 0.5, 1]).resamplingBytes, 4 * (4 * 32 + 32 + 4 * 32) + taps);
});
