import { voxelCount, type Zyx } from "../../plan/zyx.js";

/** Weights (to,from) of linear interpolation along one axis, as PyTorch's `interpolate(align_corners=False)`. */
function linearWeights(from: number, to: number): number[][] {
  return Array.from({ length: to }, (_, index) => {
    const at = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(at), from - 1);
    const high = Math.min(low + 1, from - 1);
    const weights = new Array<number>(from).fill(0);
    weights[low] = 1 - (at - low);
    weights[high] = (weights[high] as number) + (at - low);
    return weights;
  });
}

/**
 * The matrix (voxels of `to`, voxels of `from`), C order, that interpolates a volume of size `from` to `to` as PyTorch's
 * `interpolate(mode="trilinear", align_corners=False)` does: half-voxel centres, edges repeated, no smoothing.
 */
export function trilinear(from: Zyx, to: Zyx): number[] {
  const [z, y, x] = from.map((extent, axis) => linearWeights(extent, to[axis] as number)) as [
    number[][],
    number[][],
    number[][],
  ];
  const rows: number[] = [];
  for (const ofZ of z)
    for (const ofY of y)
      for (const ofX of x) for (const a of ofZ) for (const b of ofY) for (const c of ofX) rows.push(a * b * c);
  if (rows.length !== voxelCount(from) * voxelCount(to)) throw new RangeError(`${from} is not interpolated to ${to}`);
  return rows;
}
