import { counterStart, drawBetween, drawEvent, PURPOSE } from "../random.js";
import type { NoiseAugmentation } from "./augmentation.js";
import type { Subject } from "./subject.js";
import type { NoiseTransform } from "./transform.js";

/** One standard deviation for all channels (batchgeneratorsv2, `GaussianNoiseTransform`). */
export function drawNoise({ probability, range }: NoiseAugmentation, { place }: Subject): NoiseTransform | undefined {
  const noise = { ...place, purpose: PURPOSE.noise };
  if (!drawEvent({ ...noise, index: 0 }, probability)) return undefined;
  const sigma = drawBetween({ ...noise, index: 1 }, range);
  return { kind: "noise", sigma, counter: counterStart({ ...place, purpose: PURPOSE.noiseVoxels }) };
}
