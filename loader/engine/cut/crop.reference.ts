import type { Zyx } from "../../../plan/zyx.js";
import type { Box, ChannelVolume } from "./source.js";

/** Which axes (Z,Y,X) are mirrored. */
export type Mirror = readonly [z: boolean, y: boolean, x: boolean];

/**
 * What a patch without other transforms must equal, voxel by voxel: its values, not yet in their wire type, at (c, z, y, x) of
 * the target. Written to be easy to check, not to be fast.
 */
export function* cropReference(
  source: ChannelVolume<ArrayLike<number>>,
  box: Box,
  mirror: Mirror,
  outside: number,
): Generator<{ readonly c: number; readonly voxel: Zyx; readonly value: number }> {
  const [channels, ...extent] = source.shape;
  for (let c = 0; c < channels; c++) {
    for (let z = 0; z < box.size[0]; z++) {
      for (let y = 0; y < box.size[1]; y++) {
        for (let x = 0; x < box.size[2]; x++) {
          const voxel: Zyx = [z, y, x];
          const sz = sourceIndex(box, mirror, 0, z);
          const sy = sourceIndex(box, mirror, 1, y);
          const sx = sourceIndex(box, mirror, 2, x);
          const isInside = isWithin(sz, extent[0]) && isWithin(sy, extent[1]) && isWithin(sx, extent[2]);
          const index = ((c * extent[0] + sz) * extent[1] + sy) * extent[2] + sx;
          yield { c, voxel, value: isInside ? (source.values[index] as number) : outside };
        }
      }
    }
  }
}

function sourceIndex(box: Box, mirror: Mirror, axis: 0 | 1 | 2, at: number): number {
  return box.lower[axis] + (mirror[axis] ? box.size[axis] - 1 - at : at);
}

function isWithin(at: number, length: number): boolean {
  return at >= 0 && at < length;
}
