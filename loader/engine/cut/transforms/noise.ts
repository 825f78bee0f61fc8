import type { NoiseTransform } from "../../../../plan/augment/transform.js";
import type { Channel, Tools } from "./channel.js";

const WORD = 2 ** 32;

/** Blocks of 4 normal numbers; those of a channel begin where those of the one before it end. */
export function applyNoise(
  { sigma, counter }: NoiseTransform,
  channel: Channel,
  { kernels, tables, seed }: Tools,
): Channel {
  const blocks = 4 * Math.ceil(channel.values.length / 16);
  const key = [seed % WORD, Math.floor(seed / WORD)] as const;
  kernels.addNoise(channel.values, sigma, { key, counter, firstBlock: channel.index * blocks }, tables.row);
  return channel;
}
