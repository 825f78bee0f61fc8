import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, drawTwoCases, type SampleChoice } from "./batch-choice.js";

/** Two different patients take turns, so that each gives foreground and random patches (paper, Appendix A). */
export function chooseMultiCrop(batch: BatchDraw): SampleChoice[] {
  const pair = drawTwoCases(batch, PURPOSE.batchCase);
  return chooseEach(batch, (sample) => (sample % 2 === 0 ? pair[0] : pair[1]));
}
