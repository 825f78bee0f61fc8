import type { Zyx } from "../../../plan/zyx.js";
import type { ChannelVolume } from "./source.js";

/**
 * Trilinear resampling on the half-pixel grid, as `torch.nn.functional.interpolate(mode="trilinear",
 * align_corners=False)`: output voxel i samples at (i + 0.5) * from / to - 0.5, held at the borders. Every operation
 * rounds to float32, X first, then Y, then Z, so that a vector kernel gives the same bits.
 */
export interface AxisTaps {
  /** Input voxels below and above each output voxel's sample point. */
  readonly below: Int32Array;
  readonly above: Int32Array;
  /** Weights of the two, float32; their sum is 1. */
  readonly belowWeight: Float32Array;
  readonly aboveWeight: Float32Array;
}

export function axisTaps(from: number, to: number): AxisTaps {
  const below = new Int32Array(to);
  const above = new Int32Array(to);
  const belowWeight = new Float32Array(to);
  const aboveWeight = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    below[i] = Math.floor(at);
    above[i] = Math.min(Math.floor(at) + 1, from - 1);
    aboveWeight[i] = at - Math.floor(at);
    belowWeight[i] = 1 - (aboveWeight[i] as number);
  }
  return { below, above, belowWeight, aboveWeight };
}

const { fround } = Math;

/** a * aWeight + b * bWeight in float32. */
export function mix(a: number, b: number, aWeight: number, bWeight: number): number {
  return fround(fround(a * aWeight) + fround(b * bWeight));
}

/** Resamples (C,Z,Y,X) of `source` to `size` (Z,Y,X), into `target` (C and `size`, C order). */
export function resampleImage(source: ChannelVolume<Float32Array>, size: Zyx, target: Float32Array): void {
  const { values, shape } = source;
  const [channels, depth, height, width] = shape;
  const [tapsZ, tapsY, tapsX] = [axisTaps(depth, size[0]), axisTaps(height, size[1]), axisTaps(width, size[2])];
  let to = 0;
  for (let c = 0; c < channels; c++) {
    for (let z = 0; z < size[0]; z++) {
      const planeBelow = (c * depth + (tapsZ.below[z] as number)) * height;
      const planeAbove = (c * depth + (tapsZ.above[z] as number)) * height;
      const [belowZ, aboveZ] = [tapsZ.belowWeight[z] as number, tapsZ.aboveWeight[z] as number];
      for (let y = 0; y < size[1]; y++) {
        const [rowBelow, rowAbove] = [tapsY.below[y] as number, tapsY.above[y] as number];
        const [belowY, aboveY] = [tapsY.belowWeight[y] as number, tapsY.aboveWeight[y] as number];
        const row00 = (planeBelow + rowBelow) * width;
        const row01 = (planeBelow + rowAbove) * width;
        const row10 = (planeAbove + rowBelow) * width;
        const row11 = (planeAbove + rowAbove) * width;
        for (let x = 0; x < size[2]; x++) {
          const [low, high] = [tapsX.below[x] as number, tapsX.above[x] as number];
          const [belowX, aboveX] = [tapsX.belowWeight[x] as number, tapsX.aboveWeight[x] as number];
          const v00 = mix(values[row00 + low] as number, values[row00 + high] as number, belowX, aboveX);
          const v01 = mix(values[row01 + low] as number, values[row01 + high] as number, belowX, aboveX);
          const v10 = mix(values[row10 + low] as number, values[row10 + high] as number, belowX, aboveX);
          const v11 = mix(values[row11 + low] as number, values[row11 + high] as number, belowX, aboveX);
          target[to++] = mix(mix(v00, v01, belowY, aboveY), mix(v10, v11, belowY, aboveY), belowZ, aboveZ);
        }
      }
    }
  }
}

/**
 * Resamples a label (1,Z,Y,X) to `size` (Z,Y,X): each value's indicator is resampled like an image, and the value with the
 * largest share wins; of equal shares the lowest value.
 */
export function resampleLabel(source: ChannelVolume<Int16Array>, size: Zyx, target: Int16Array): void {
  const { values, shape } = source;
  const [, depth, height, width] = shape;
  const [tapsZ, tapsY, tapsX] = [axisTaps(depth, size[0]), axisTaps(height, size[1]), axisTaps(width, size[2])];
  const corners = new Int16Array(8); // (Z,Y,X) below or above, X fastest
  let to = 0;
  for (let z = 0; z < size[0]; z++) {
    const planes = [tapsZ.below[z] as number, tapsZ.above[z] as number] as const;
    for (let y = 0; y < size[1]; y++) {
      const rows = [tapsY.below[y] as number, tapsY.above[y] as number] as const;
      for (let x = 0; x < size[2]; x++) {
        const [low, high] = [tapsX.below[x] as number, tapsX.above[x] as number];
        for (let pair = 0; pair < 4; pair++) {
          const row = ((planes[pair >> 1] as number) * height + (rows[pair & 1] as number)) * width;
          corners[2 * pair] = values[row + low] as number;
          corners[2 * pair + 1] = values[row + high] as number;
        }
        target[to++] = isUniform(corners)
          ? (corners[0] as number)
          : largestShare(corners, [weights(tapsZ, z), weights(tapsY, y), weights(tapsX, x)]);
      }
    }
  }
}

type Weights = readonly [below: number, above: number];

function weights(taps: AxisTaps, index: number): Weights {
  return [taps.belowWeight[index] as number, taps.aboveWeight[index] as number];
}

function isUniform(corners: Int16Array): boolean {
  for (let i = 1; i < 8; i++) if (corners[i] !== corners[0]) return false;
  return true;
}

function largestShare(corners: Int16Array, [z, y, x]: readonly [z: Weights, y: Weights, x: Weights]): number {
  let winner = corners[0] as number;
  let best = -1;
  for (let candidate = 0; candidate < 8; candidate++) {
    const value = corners[candidate] as number;
    const indicator = (corner: number) => (corners[corner] === value ? 1 : 0);
    const alongX = (pair: number) => mix(indicator(2 * pair), indicator(2 * pair + 1), ...x);
    const share = mix(mix(alongX(0), alongX(1), ...y), mix(alongX(2), alongX(3), ...y), ...z);
    if (share > best || (share === best && value < winner)) {
      winner = value;
      best = share;
    }
  }
  return winner;
}
