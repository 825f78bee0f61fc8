import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, type SampleChoice } from "./batch-choice.js";

/** nnU-Net's own batch: each sample from a case of its own draw, uniform and with replacement. */
export function chooseNnunet(batch: BatchDraw): SampleChoice[] {
  return chooseEach(batch, (sample) => batch.draw(PURPOSE.sampleCase, sample, 0, batch.caseCount));
}
