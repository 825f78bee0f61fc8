import type { Zyx } from "../../../plan/zyx.js";
import type { ChannelVolume } from "./source.js";

const { fround } = Math;

/** One voxel of `resampleImage`, by its formula: X mixed first, then Y, then Z, each operation in float32. */
export function resampledVoxel(
  source: ChannelVolume<ArrayLike<number>>,
  size: Zyx,
  channel: number,
  [z, y, x]: Zyx,
): number {
  const [, depth, height, width] = source.shape;
  const at = (sz: number, sy: number, sx: number) =>
    source.values[((channel * depth + sz) * height + sy) * width + sx] as number;
  const alongX = (sz: number, sy: number) => between(width, size[2], x, (sx) => at(sz, sy, sx));
  const alongY = (sz: number) => between(height, size[1], y, (sy) => alongX(sz, sy));
  return between(depth, size[0], z, alongY);
}

/** One voxel of `resampleLabel`: the share of every value that occurs, then the first of the largest. */
export function resampledLabel(source: ChannelVolume<Int16Array>, size: Zyx, voxel: Zyx): number {
  const occurring = [...new Set(source.values)].sort((a, b) => a - b);
  const shares = occurring.map((label) => {
    const indicator = Float32Array.from(source.values, (value) => (value === label ? 1 : 0));
    return resampledVoxel({ values: indicator, shape: source.shape }, size, 0, voxel);
  });
  return occurring[shares.indexOf(Math.max(...shares))] as number;
}

function between(from: number, to: number, index: number, valueAt: (at: number) => number): number {
  const point = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
  const below = Math.floor(point);
  const aboveWeight = fround(point - below);
  const belowWeight = fround(1 - aboveWeight);
  const above = Math.min(below + 1, from - 1);
  return fround(fround(valueAt(below) * belowWeight) + fround(valueAt(above) * aboveWeight));
}
