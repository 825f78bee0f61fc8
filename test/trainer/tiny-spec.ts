import { RECIPE, type ResolvedSpec } from "../../plan/index.js";

/** A run of one stage and three epochs of two steps, without validation cases: for what reads a spec and no data. */
export const tinySpec: ResolvedSpec = {
  recipe: RECIPE,
  dataset: "Tiny",
  datasetDigest: "00",
  split: { train: ["a"], val: [] },
  plan: { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
  stages: [{ patchSize: [8, 8, 8], batchSize: 2, epochs: 3, foregroundFraction: 0.33 }],
  stageOrder: "scheduled",
  strategy: "nnunet",
  epochs: 3,
  stepsPerEpoch: 2,
  valSteps: 1,
  seed: 1,
  augmentation: [],
  wire: { image: "f32", label: "u8", layout: "channels-first" },
  deepSupervision: false,
};
