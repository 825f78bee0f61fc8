import type { Zyx } from "../../../../plan/zyx.js";
import { exponentialOfMinus } from "../../../kernels/exponential.js";
import { MOST_TAPS } from "../../memory/scratch.js";
import { type Channel, swapped, type Tools } from "./channel.js";

/** Along Z, then Y, then X; mirrored at the borders. */
export function applyBlur(sigmas: Zyx, channel: Channel, { kernels, tables }: Tools): Channel {
  const { values, spare, size } = channel;
  const taps = (axis: 0 | 1 | 2) => {
    const weights = gaussianTaps(sigmas[axis]);
    tables.blurTaps.set(weights);
    return tables.blurTaps.subarray(0, weights.length);
  };
  kernels.blurPlanes(spare, values, { outer: 1, length: size[0], inner: size[1] * size[2] }, taps(0));
  kernels.blurPlanes(values, spare, { outer: size[0], length: size[1], inner: size[2] }, taps(1));
  kernels.blurRows({ values: spare, size }, { values, size }, taps(2), tables.row);
  return swapped(channel);
}

/**
 * A Gaussian at whole voxels, its sum 1, over the odd number nearest to 6 sigma + 0.5 of them (batchgeneratorsv2,
 * `blur_dimension`).
 */
export function gaussianTaps(sigma: number): number[] {
  const radius = Math.min(Math.floor(3 * sigma + 0.25), (MOST_TAPS - 1) / 2);
  const heights = new Array<number>(2 * radius + 1).fill(0);
  for (let apart = 0; apart <= radius; apart++) {
    const distance = apart / sigma;
    const height = exponentialOfMinus((distance * distance) / 2);
    heights[radius - apart] = height;
    heights[radius + apart] = height;
  }
  const sum = heights.reduce((total, height) => total + height);
  return heights.map((height) => height / sum);
}
