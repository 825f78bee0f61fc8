import type { Channel, Tools } from "./channel.js";
import { LARGEST, statisticsOf } from "./statistics.js";

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
 * and deviation (batchgeneratorsv2, `GammaTransform` with `p_retain_stats=1`).
 */
export function applyGamma(exponent: number, inverted: boolean, channel: Channel, tools: Tools): Channel {
  const before = statisticsOf(channel.values, tools);
  const sign = inverted ? -1 : 1;
  const halfMin = inverted ? -before.most / 2 : before.least / 2;
  tools.kernels.gamma(channel.values, { sign, halfMin, halfRange: before.most / 2 - before.least / 2, exponent });
  const after = statisticsOf(channel.values, tools);
  const scale = (sign * before.deviation) / Math.max(after.deviation, 1e-7);
  tools.kernels.scaleShift(channel.values, { subtract: after.mean, scale, add: before.mean, ...ALL });
  return channel;
}
