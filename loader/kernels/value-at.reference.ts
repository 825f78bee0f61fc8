import type { Zyx } from "../../plan/zyx.js";
import type { Grid, StoredLabel } from "./kernels.js";

/** The voxel at (Z,Y,X), or `outside`. */
export function valueAt(source: Grid<Float32Array | StoredLabel>, [z, y, x]: Zyx, outside: number): number {
  const { values, size } = source;
  const isInside = z >= 0 && y >= 0 && x >= 0 && z < size[0] && y < size[1] && x < size[2];
  return isInside ? (values[(z * size[1] + y) * size[2] + x] as number) : outside;
}
