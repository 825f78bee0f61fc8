import type { Zyx } from "../../plan/zyx.js";
import type { Grid, StoredLabel } from "./kernels.js";

/** The value of the voxel at (Z,Y,X); outside of an image 0, outside of a label -1. */
export function valueAt({ values, size }: Grid<Float32Array | StoredLabel>, [z, y, x]: Zyx): number {
  const isInside = z >= 0 && y >= 0 && x >= 0 && z < size[0] && y < size[1] && x < size[2];
  if (!isInside) return values instanceof Float32Array ? 0 : -1;
  const stored = values[(z * size[1] + y) * size[2] + x] as number;
  return values instanceof Uint8Array ? (stored & 127) - 1 : stored;
}
