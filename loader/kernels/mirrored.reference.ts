import type { Zyx } from "../../plan/zyx.js";
import { MIRROR_X, MIRROR_Y, MIRROR_Z } from "./kernels.js";

/** Where mirroring the flagged axes takes a voxel (Z,Y,X) of a patch, as an index in C order. */
export function mirroredIndex([z, y, x]: Zyx, size: Zyx, mirrored: number): number {
  const toZ = mirrored & MIRROR_Z ? size[0] - 1 - z : z;
  const toY = mirrored & MIRROR_Y ? size[1] - 1 - y : y;
  const toX = mirrored & MIRROR_X ? size[2] - 1 - x : x;
  return (toZ * size[1] + toY) * size[2] + toX;
}
