import { PURPOSE } from "../random.js";
import type { FactorAugmentation } from "./augmentation.js";
import { drawFactors } from "./factors.js";
import type { Subject } from "./subject.js";
import type { BrightnessTransform } from "./transform.js";

/** A factor for each channel (batchgeneratorsv2, `MultiplicativeBrightnessTransform`). */
export function drawBrightness(entry: FactorAugmentation, subject: Subject): BrightnessTransform | undefined {
  const factors = drawFactors(entry, subject, PURPOSE.brightness);
  return factors && { kind: "brightness", factors };
}
