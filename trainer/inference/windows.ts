import { roundHalfToEven } from "../../plan/round-half-to-even.js";
import type { Zyx } from "../../plan/zyx.js";

/**
 * First voxels of the windows along one axis of `size` voxels: half a patch apart at most, evenly spread, the first at 0 and
 * the last at size - patch (nnU-Net, `compute_steps_for_sliding_window`). An axis not longer than the patch has one, at 0.
 */
export function windowStartsAlong(size: number, patch: number): number[] {
  if (size <= patch) return [0];
  const count = Math.ceil((size - patch) / (patch / 2)) + 1;
  const spacing = (size - patch) / (count - 1);
  return Array.from({ length: count }, (_, i) => roundHalfToEven(spacing * i));
}

/**
 * First voxels (Z,Y,X) of all windows over a volume of `size`, X fastest. Where the volume is smaller than the patch the
 * window is centred on it and starts outside, at -floor((patch - size) / 2): zero padding on both sides.
 */
export function windowStarts(size: Zyx, patch: Zyx): Zyx[] {
  const along = (axis: 0 | 1 | 2) => {
    const missing = patch[axis] - size[axis];
    return missing > 0 ? [-Math.floor(missing / 2)] : windowStartsAlong(size[axis], patch[axis]);
  };
  const [zs, ys, xs] = [along(0), along(1), along(2)];
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Zyx => [z, y, x])));
}
