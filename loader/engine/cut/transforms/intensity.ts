import type { Channel, Tools } from "./channel.js";
import { LARGEST, meanAndDeviation, statisticsOf } from "./statistics.js";

const ALL = { low: -LARGEST, high: LARGEST };

/** value x factor. */
export function applyBrightness(factor: number, channel: Channel, { kernels }: Tools): Channel {
  kernels.scaleShift(channel.values, { subtract: 0, scale: factor, add: 0, ...ALL });
  return channel;
}

/** (value - mean) x factor + mean, clamped to the range that the channel had (batchgeneratorsv2, `ContrastTransform`). */
export function applyContrast(factor: number, channel: Channel, tools: Tools): Channel {
  const { mean, least, most } = statisticsOf(channel.values, tools);
  tools.kernels.scaleShift(channel.values, { subtract: mean, scale: factor, add: mean, low: least, high: most });
  return channel;
}

/**
 * The channel, negated if `inverted`, scaled to 0..1 and raised to `exponent`, then moved and stretched back to its own mean
 * and deviation (batchgeneratorsv2, `GammaTransform` with `p_retain_stats=1`). The stretching by the range that would come between is
 * part of the last step.
 */
export function applyGamma(exponent: number, inverted: boolean, channel: Channel, tools: Tools): Channel {
  const { kernels, tables } = tools;
  const { values } = channel;
  const before = statisticsOf(values, tools);
  const sign = inverted ? -1 : 1;
  const halfMin = inverted ? -before.most / 2 : before.least / 2;
  const halfRange = before.most / 2 - before.least / 2;
  kernels.gamma(tables.moments, values, { sign, halfMin, halfRange, exponent });
  const powers = meanAndDeviation(tables.moments, values);
  const range = 2 * halfRange;
  const scale = Math.min((before.deviation * range) / Math.max(powers.deviation * range, 1e-7), LARGEST);
  kernels.scaleShift(values, { subtract: powers.mean, scale: sign * scale, add: before.mean, ...ALL });
  return channel;
}
