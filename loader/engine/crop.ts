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

  const voxelStep = target.channelsLast ? channels : 1;
  const channelStep = target.channelsLast ? 1 : voxels;
  const firstX = mirror[2] ? size[2] - 1 - startX : startX;
  const stepX = mirror[2] ? -voxelStep : voxelStep;
  for (let c = 0; c < channels; c++) {
    for (let z = startZ; z < endZ; z++) {
      const toZ = mirror[0] ? size[0] - 1 - z : z;
      for (let y = startY; y < endY; y++) {
        const toY = mirror[1] ? size[1] - 1 - y : y;
        const to = target.at + c * channelStep + ((toZ * size[1] + toY) * size[2] + firstX) * voxelStep;
        const from = ((c * depth + lower[0] + z) * height + lower[1] + y) * width + lower[2] + startX;
        copyRow(target.values, to, stepX, source.values, from, endX - startX);
      }
    }
  }
}

/** Which of a box's `size` voxels on one axis (start inside, end outside, counted in the box) lie in a volume of `extent`. */
function insideRange(lower: number, size: number, extent: number): readonly [start: number, end: number] {
  const start = Math.min(Math.max(0, -lower), size);
  return [start, Math.max(start, Math.min(size, extent - lower))];
}
