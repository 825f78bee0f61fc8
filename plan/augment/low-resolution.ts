import { drawBetween, drawEvent, PURPOSE } from "../random.js";
import type { ChannelwiseAugmentation } from "./augmentation.js";
import { isDummy2d } from "./dummy-2d.js";
import { eachChannel } from "./each-channel.js";
import type { Subject } from "./subject.js";
import type { LowResolutionTransform } from "./transform.js";

/**
 * Each channel by itself, with one zoom for all axes; axis 0 stays as it is where patches are augmented slice by slice
 * (batchgeneratorsv2, `SimulateLowResolutionTransform`).
 */
export function drawLowResolution(
  entry: ChannelwiseAugmentation,
  { place, channels, cropSize }: Subject,
): LowResolutionTransform | undefined {
  if (!drawEvent(place, PURPOSE.lowResolution, 0, entry.probability)) return undefined;
  const inPlane = isDummy2d(cropSize);
  const zooms = eachChannel(channels, (channel) => {
    const first = 1 + 2 * channel;
    if (!drawEvent(place, PURPOSE.lowResolution, first, entry.channelProbability)) return null;
    const zoom = drawBetween(place, PURPOSE.lowResolution, first + 1, entry.range);
    return [inPlane ? 1 : zoom, zoom, zoom] as const;
  });
  return zooms && { kind: "low-resolution", zooms };
}
