import { drawBetween, drawEvent, PURPOSE } from "../random.js";
import type { ChannelwiseAugmentation } from "./augmentation.js";
import { eachChannel } from "./each-channel.js";
import type { Subject } from "./subject.js";
import type { BlurTransform } from "./transform.js";

/** Each channel by itself, with a sigma of its own on each axis (batchgeneratorsv2, `GaussianBlurTransform`). */
export function drawBlur(entry: ChannelwiseAugmentation, { place, channels }: Subject): BlurTransform | undefined {
  if (!drawEvent(place, PURPOSE.blur, 0, entry.probability)) return undefined;
  const sigmas = eachChannel(channels, (channel) => {
    const first = 1 + 4 * channel;
    if (!drawEvent(place, PURPOSE.blur, first, entry.channelProbability)) return null;
    const sigma = (axis: 0 | 1 | 2) => drawBetween(place, PURPOSE.blur, first + 1 + axis, entry.range);
    return [sigma(0), sigma(1), sigma(2)] as const;
  });
  return sigmas && { kind: "blur", sigmas };
}
