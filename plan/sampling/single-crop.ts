import { PURPOSE } from "../random.js";
import { type BatchDraw, chooseEach, type SampleChoice } from "./batch-choice.js";

/**
 * One patch per patient (paper, Appendix A): cases are taken in random order without replacement. A batch larger than the
 * case count goes on with a new order, so that the numbers of patches of two cases differ by at most one.
 */
export function chooseSingleCrop(batch: BatchDraw): SampleChoice[] {
  const rounds = Math.ceil(batch.batchSize / batch.caseCount);
  const order = Array.from({ length: rounds }, (_, round) => drawOrder(batch, round)).flat();
  return chooseEach(batch, (sample) => order[sample] as number);
}

/** A uniform order of all cases (Fisher and Yates). */
function drawOrder(batch: BatchDraw, round: number): number[] {
  const order = Array.from({ length: batch.caseCount }, (_, index) => index);
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = batch.draw(PURPOSE.caseOrder, round, last, last + 1);
    [order[last], order[chosen]] = [order[chosen] as number, order[last] as number];
  }
  return order;
}
