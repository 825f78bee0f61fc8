import { PURPOSE } from "../random.js";
import { type BatchRequest, chooseEach, type SampleChoice } from "./batch-choice.js";

/** One patient gives all patches (paper, Appendix A: overfits; kept for comparison). */
export function chooseSingleVolume(batch: BatchRequest): SampleChoice[] {
  const only = batch.draw(PURPOSE.batchCase, 0, 0, batch.caseCount);
  return chooseEach(batch, () => only);
}
