/** The run that every schedule reads: three stages, small batches, long enough for four faults. */
export const FAULT_RUN = {
  dataset: "Task04_Hippocampus",
  split: { train: ["hippocampus_003", "hippocampus_052"], val: ["hippocampus_060"] },
  plan: { patchSize: [24, 24, 24], batchSize: 2, pooling: [2, 2, 2] },
  stages: [
    { patchSize: [8, 8, 8], batchSize: 6, epochs: 1 },
    { patchSize: [16, 16, 16], batchSize: 4, epochs: 1 },
    { patchSize: [24, 24, 24], batchSize: 2, epochs: 1 },
  ],
  epochs: 3,
  stepsPerEpoch: 200,
  valSteps: 0,
  strategy: "nnunet",
} as const;

export const RUN_STEPS = FAULT_RUN.epochs * FAULT_RUN.stepsPerEpoch;

/** The stage of a step that nobody has decided. */
export const scheduledStage = (step: number) => Math.floor(step / FAULT_RUN.stepsPerEpoch);
