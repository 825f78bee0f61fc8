import type { Channel, Tools } from "./channel.js";

/** 0 where the label is below 0 (batchgeneratorsv2, `MaskImageTransform`). */
export function applyMask(channel: Channel, { kernels }: Tools): Channel {
  kernels.maskImage(channel.values, channel.label);
  return channel;
}
