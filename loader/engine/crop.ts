import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { CopyRow, Elements } from "./rows.js";

/** A volume in memory: (C,Z,Y,X), C order, from element 0 on. */
export interface Grid<Values extends Elements> {
  readonly values: Values;
  readonly shape: readonly [channels: number, z: number, y: number, x: number];
}

/** Which axes (Z,Y,X) are mirrored. */
export type Mirror = readonly [z: boolean, y: boolean, x: boolean];

export const UNMIRRORED: Mirror = [false, false, false];

/** A box of voxels: its first one (Z,Y,X; negative or past the end outside of the volume) and its size. */
export interface Box {
  readonly lower: Zyx;
  readonly size: Zyx;
}

interface Writable extends Elements {
  fill(value: number, start: number, end: number): unknown;
}

/** Where a patch is written: element `at` of `values` is its first. */
export interface PatchPlace<Values extends Writable> {
  readonly values: Values;
  readonly at: number;
  readonly channelsLast: boolean;
  /** What voxels outside of the volume get, in the target's type. */
  readonly outside: number;
}

/**
 * Copies a box of `source` to `target`, mirrored on the way: patch voxel i of a mirrored axis is box voxel size - 1 - i.
 * The box may leave the volume on any side. The bits are those of `crop.reference.ts`.
 */
export function cropBox<Source extends Elements, Target extends Writable>(
  source: Grid<Source>,
  { lower, size }: Box,
  mirror: Mirror,
  target: PatchPlace<Target>,
  copyRow: CopyRow<Source, Target>,
): void {
  const [channels, depth, height, width] = source.shape;
  const [startZ, endZ] = insideRange(lower[0], size[0], depth);
  const [startY, endY] = insideRange(lower[1], size[1], height);
  const [startX, endX] = insideRange(lower[2], size[2], width);
  const voxels = voxelCount(size);
  const insideVoxels = (endZ - startZ) * (endY - startY) * (endX - startX);
  if (insideVoxels < voxels) target.values.fill(target.outside, target.at, target.at + channels * voxels);
  if (insideVoxels === 0) return;

  // Elements from a row (Y) and a plane (Z) to the next, in the volume and, backwards where mirrored, in the patch.
  const voxelStep = target.channelsLast ? channels : 1;
  const channelStep = target.channelsLast ? 1 : voxels;
  const toX = mirror[2] ? -voxelStep : voxelStep;
  const toY = mirror[1] ? -size[2] * voxelStep : size[2] * voxelStep;
  const toZ = mirror[0] ? -size[1] * size[2] * voxelStep : size[1] * size[2] * voxelStep;
  const firstTo =
    target.at +
    (mirror[0] ? startZ - size[0] + 1 : startZ) * toZ +
    (mirror[1] ? startY - size[1] + 1 : startY) * toY +
    (mirror[2] ? startX - size[2] + 1 : startX) * toX;
  const firstFrom = ((lower[0] + startZ) * height + lower[1] + startY) * width + lower[2] + startX;
  const { values: from } = source;
  const { values: to } = target;
  const count = endX - startX;
  for (let c = 0; c < channels; c++) {
    for (let z = 0; z < endZ - startZ; z++) {
      let rowFrom = firstFrom + (c * depth + z) * height * width;
      let rowTo = firstTo + c * channelStep + z * toZ;
      for (let y = startY; y < endY; y++) {
        copyRow(to, rowTo, toX, from, rowFrom, count);
        rowFrom += width;
        rowTo += toY;
      }
    }
  }
}

/** Which of a box's `size` voxels on one axis (start inside, end outside, counted in the box) lie in a volume of `extent`. */
function insideRange(lower: number, size: number, extent: number): readonly [start: number, end: number] {
  const start = Math.min(Math.max(0, -lower), size);
  return [start, Math.max(start, Math.min(size, extent - lower))];
}
