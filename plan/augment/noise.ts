import { drawBetween, drawEvent, PURPOSE, purposeWord } from "../random.js";
import type { NoiseAugmentation } from "./augmentation.js";
import type { Subject } from "./subject.js";
import type { NoiseTransform } from "./transform.js";

/** One standard deviation for all channels (batchgeneratorsv2, `GaussianNoiseTransform`). */
export function drawNoise({ probability, range }: NoiseAugmentation, { place }: Subject): NoiseTransform | undefined {
  if (!drawEvent(place, PURPOSE.noise, 0, probability)) return undefined;
  const sigma = drawBetween(place, PURPOSE.noise, 1, range);
  return { kind: "noise", sigma, counter: [place.step, place.sample, purposeWord(place, PURPOSE.noiseVoxels)] };
}
