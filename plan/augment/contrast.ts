import { PURPOSE } from "../random.js";
import type { FactorAugmentation } from "./augmentation.js";
import { drawFactors } from "./factors.js";
import type { Subject } from "./subject.js";
import type { ContrastTransform } from "./transform.js";

/** A factor for each channel (batchgeneratorsv2, `ContrastTransform`). */
export function drawContrast(entry: FactorAugmentation, subject: Subject): ContrastTransform | undefined {
  const factors = drawFactors(entry, subject, PURPOSE.contrast);
  return factors && { kind: "contrast", factors };
}
