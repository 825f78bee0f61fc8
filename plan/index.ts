export { scheduledStage, stepOfEpoch, stepOfStage, totalSteps } from "./curriculum/schedule.js";
export type { NetworkPlan, Stage } from "./curriculum/stage.js";
export { type ErrorCode, type ErrorFacts, PatchstreamError } from "./errors.js";
export type {
  Address,
  BatchPlan,
  CaseEntry,
  CaseTable,
  Crop,
  ForegroundCrop,
  RandomCrop,
  Timeline,
  Transform,
} from "./sampling/batch-plan.js";
export { foregroundLower } from "./sampling/box.js";
export { planBatch, type Rank } from "./sampling/plan-batch.js";
export {
  type Augmentation,
  type ImageType,
  type LabelType,
  type Layout,
  RECIPE,
  type ResolvedSpec,
  type Strategy,
  type WireFormat,
} from "./spec.js";
export { voxelCount, type Zyx } from "./zyx.js";
