import type { StepRow, StepTaken } from "../../proto/messages.js";

/** A step as a row of one, with the samples of its batch. */
export function rowOf(taken: StepTaken, samples: number): StepRow {
  const { step, stage, epoch, loss, gradientNorm, learningRate, waitedMs, stepMs } = taken;
  return {
    ...{ firstStep: step, steps: 1, stage, epoch, learningRate, waitedMs, stepMs, samples },
    ...{ lossMin: loss, lossMax: loss, lossSum: loss, gradientNormMax: gradientNorm },
  };
}

/** Two rows, one after the other, as one. */
export function mergeRows(earlier: StepRow, later: StepRow): StepRow {
  return {
    firstStep: earlier.firstStep,
    steps: earlier.steps + later.steps,
    stage: later.stage,
    epoch: later.epoch,
    lossMin: Math.min(earlier.lossMin, later.lossMin),
    lossMax: Math.max(earlier.lossMax, later.lossMax),
    lossSum: earlier.lossSum + later.lossSum,
    gradientNormMax: Math.max(earlier.gradientNormMax, later.gradientNormMax),
    learningRate: later.learningRate,
    waitedMs: earlier.waitedMs + later.waitedMs,
    stepMs: earlier.stepMs + later.stepMs,
    samples: earlier.samples + later.samples,
  };
}
