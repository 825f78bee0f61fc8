import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, type SampleChoice } from "./batch-choice.js";

/** One patient gives all patches (paper, Appendix A: overfits; kept for comparison). */
export function chooseSingleVolume(batch: BatchDraw): SampleChoice[] {
  const only = batch.draw(PURPOSE.batchCase, 0, 0, batch.caseCount);
  return chooseEach(batch, () => only);
}
