import { PURPOSE } from "../random.js";
import type { GammaAugmentation } from "./augmentation.js";
import { drawFactors } from "./factors.js";
import type { Subject } from "./subject.js";
import type { GammaTransform } from "./transform.js";

/** An exponent for each channel (batchgeneratorsv2, `GammaTransform`). */
export function drawGamma(entry: GammaAugmentation, subject: Subject): GammaTransform | undefined {
  const gammas = drawFactors(entry, subject, entry.inverted ? PURPOSE.gammaInverted : PURPOSE.gamma);
  return gammas && { kind: "gamma", inverted: entry.inverted, gammas };
}
