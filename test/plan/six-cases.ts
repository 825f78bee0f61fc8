import type { CaseTable } from "../../plan/sampling/batch-plan.js";
import type { ResolvedSpec } from "../../plan/spec.js";

/** Six small cases of two classes; `case_4` lacks class 2, `case_5` has no foreground at all. */
export const sixCases: CaseTable = {
  classes: [1, 2],
  channels: 1,
  cases: [
    { id: "case_0", shape: [35, 51, 35], foregroundCounts: [1200, 900] },
    { id: "case_1", shape: [40, 56, 40], foregroundCounts: [10_000, 1] },
    { id: "case_2", shape: [20, 60, 48], foregroundCounts: [3, 4] },
    { id: "case_3", shape: [64, 41, 33], foregroundCounts: [700, 650] },
    { id: "case_4", shape: [36, 50, 36], foregroundCounts: [500, 0] },
    { id: "case_5", shape: [36, 50, 36], foregroundCounts: [0, 0] },
  ],
};

/** A resolved spec of three stages over `sixCases`. */
export const threeStages: ResolvedSpec = {
  recipe: 1,
  dataset: "Six",
  datasetDigest: "6".repeat(64),
  split: { train: ["case_0", "case_1", "case_2", "case_3", "case_4"], val: ["case_0", "case_5"] },
  plan: { patchSize: [32, 40, 32], batchSize: 4, pooling: [3, 3, 3] },
  stages: [
    { patchSize: [8, 8, 8], batchSize: 31, epochs: 2, foregroundFraction: 0.5 },
    { patchSize: [16, 16, 16], batchSize: 9, epochs: 2, foregroundFraction: 0.5 },
    { patchSize: [32, 40, 32], batchSize: 4, epochs: 3, foregroundFraction: 0.5 },
  ],
  stageOrder: "scheduled",
  strategy: "split-crop",
  epochs: 7,
  stepsPerEpoch: 2.5,
  valSteps: 3,
  seed: 1,
  augmentation: [{ kind: "mirror", axes: [0, 2] }],
  wire: { image: "f32", label: "u8", layout: "channels-first" },
  deepSupervision: false,
};
