import type { TrainingHistory } from "../../trainer/index.js";

/** A value over steps. */
export interface StepValue {
  /** Steps taken. */
  readonly step: number;
  readonly value: number;
}

/** A stage as it was trained. */
export interface TrainedStage {
  readonly stage: number;
  /** First step with it, from 0. */
  readonly fromStep: number;
  /** Z,Y,X. */
  readonly patchSize: readonly number[];
  readonly batchSize: number;
}

/** A training over its steps. */
export interface StepCurves {
  readonly dataset: string;
  /** Of the whole training; 0 where its run was not opened yet. */
  readonly steps: number;
  readonly stepsTaken: number;
  readonly stages: readonly TrainedStage[];
  /** Means over as many steps as each value stands for. */
  readonly loss: readonly StepValue[];
  /** Of the last of these steps. */
  readonly learningRate: readonly StepValue[];
  /** Of each validated epoch, at full patch. */
  readonly validationLoss: readonly StepValue[];
  /** Mean over the foreground classes, 0 to 1. */
  readonly pseudoDice: readonly StepValue[];
  /** Its moving average. */
  readonly smoothedPseudoDice: readonly StepValue[];
}

/** Values of a curve: more than a picture has pixels for would only be slow. */
export const MOST_VALUES = 800;

/** The curves of a history of at most `MOST_VALUES` rows. */
export function stepCurves(history: TrainingHistory): StepCurves {
  const { standing, steps: rows, epochs } = history.whole;
  const { opened, figures, spans } = standing;
  const overSteps = (of: (row: NonNullable<(typeof rows)[number]>) => number): StepValue[] =>
    rows.flatMap((row) => (row ? [{ step: row.firstStep + row.steps, value: of(row) }] : []));
  const overEpochs = (of: (epoch: NonNullable<(typeof epochs)[number]>) => number | undefined): StepValue[] =>
    epochs.flatMap((epoch) => {
      const value = epoch && of(epoch);
      return value === undefined ? [] : [{ step: epoch?.stepsTaken ?? 0, value }];
    });
  return {
    dataset: opened?.dataset ?? "",
    steps: figures.steps,
    stepsTaken: figures.stepsTaken,
    stages: spans.flatMap(({ stage, fromStep }, place) => {
      const { patchSize = [], batchSize = 0 } = opened?.stages[stage] ?? {};
      return spans[place - 1]?.stage === stage ? [] : [{ stage, fromStep, patchSize, batchSize }];
    }),
    loss: overSteps(({ lossSum, steps }) => lossSum / steps),
    learningRate: overSteps(({ learningRate }) => learningRate),
    validationLoss: overEpochs(({ validationLoss }) => validationLoss),
    pseudoDice: overEpochs(({ pseudoDice }) => pseudoDice),
    smoothedPseudoDice: overEpochs(({ smoothedPseudoDice }) => smoothedPseudoDice),
  };
}
