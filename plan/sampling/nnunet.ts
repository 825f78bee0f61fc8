import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, type SampleChoice } from "./batch-choice.js";

/** nnU-Net's own batch: the case of each sample is drawn by itself, uniform and with replacement. */
export function chooseNnunet(batch: BatchDraw): SampleChoice[] {
  return chooseEach(batch, (sample) => batch.draw(PURPOSE.sampleCase, sample, 0, batch.caseCount));
}
