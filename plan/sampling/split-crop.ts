import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, drawTwoCases, type SampleChoice } from "./batch-choice.js";

/** Two different patients: the first gives all foreground patches, the second all random ones (paper, Appendix A). */
export function chooseSplitCrop(batch: BatchDraw): SampleChoice[] {
  const [foregroundCase, randomCase] = drawTwoCases(batch, PURPOSE.batchCase);
  return chooseEach(batch, (_, foreground) => (foreground ? foregroundCase : randomCase));
}
