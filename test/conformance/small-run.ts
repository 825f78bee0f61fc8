/** A run over the three cases of `makeSampleStore`: three stages of 8 steps, whose largest batch takes two chunks. */
export const SMALL_RUN = {
  dataset: "Task04_Hippocampus",
  split: { train: ["hippocampus_003", "hippocampus_052"], val: ["hippocampus_060"] },
  plan: { patchSize: [40, 56, 40], batchSize: 3, pooling: [3, 3, 3] },
  stages: [
    { patchSize: [8, 8, 8], batchSize: 6, epochs: 2 },
    { patchSize: [16, 16, 16], batchSize: 4, epochs: 2 },
    { patchSize: [40, 56, 40], batchSize: 3, epochs: 2 },
  ],
  epochs: 6,
  stepsPerEpoch: 4,
  valSteps: 3,
  strategy: "nnunet",
} as const;

export const STAGE_STEPS = 8;
export const RUN_STEPS = 24;

/** Bytes of a global batch of each stage: f32 image and u8 label of one channel. */
export const STAGE_BYTES = SMALL_RUN.stages.map(
  ({ patchSize: [z, y, x], batchSize }) => z * y * x * batchSize * (4 + 1),
) as [number, number, number];
