export type { Augmentation } from "./augment/augmentation.js";
export type { Transform } from "./augment/transform.js";
export { transformsText } from "./augment/transforms-text.js";
export type { Address, Timeline } from "./batch/address.js";
export type { BatchPlan, Crop, DrawnBatchPlan, DrawnCrop, ForegroundCrop, RandomCrop } from "./batch/batch-plan.js";
export { type CaseEntry, type CaseTable, caseTable } from "./batch/case-table.js";
export { batchSamples, type Sample } from "./batch/sample.js";
export { ONLY_RANK, type Rank, samplesOf, shareSize } from "./batch/share.js";
export { type StageDecision, type StageProposal, StageTimeline, scheduleOf } from "./batch/stage-timeline.js";
export { type BatchTensors, batchTensors, shareTensors, type TensorPlace, tensorBytes } from "./batch/tensors.js";
export { checkStage, checkStep, scheduledStageOf, stageOf, stagesOf, stepsOf } from "./batch/timeline.js";
export { canonicalJson } from "./canonical-json.js";
export { deepLabelSizes } from "./curriculum/levels.js";
export { type ForegroundShare, MODES, type Mode, planStages } from "./curriculum/modes.js";
export { PAPER_DATASETS, type PaperDataset } from "./curriculum/paper.js";
export { relativeFlops } from "./curriculum/relative-flops.js";
export { ROUNDINGS, type Rounding } from "./curriculum/rounding.js";
export { stepOfEpoch, stepOfStage } from "./curriculum/schedule.js";
export type { NetworkPlan, Stage } from "./curriculum/stage.js";
export { type ErrorCode, type ErrorFacts, PatchstreamError } from "./errors.js";
export {
  ANNOTATED,
  foregroundValues,
  type LabelRegion,
  type LabelSet,
  locationClasses,
  valuesOfClass,
} from "./label-set.js";
export { printable } from "./printable.js";
export { type DrawPlace, drawUniform, OWN_PURPOSES } from "./random.js";
export type { AugmentationInput, AugmentationProfile } from "./run-spec/augmentation.js";
export { type DataSpec, type DataSpecInput, parseDataSpec } from "./run-spec/data-spec.js";
export { MODE_DEFAULTS } from "./run-spec/mode-defaults.js";
export { parseNnunetPlans } from "./run-spec/nnunet-plans.js";
export { parseNetworkPlan } from "./run-spec/plan-spec.js";
export { resolveSpec, type SpecDataset } from "./run-spec/resolve.js";
export {
  type ImageType,
  type LabelType,
  type Layout,
  RECIPE,
  type ResolvedSpec,
  type StageOrder,
  type Strategy,
  type WireFormat,
} from "./run-spec/resolved-spec.js";
export { parseRunDocument, type RunDocument } from "./run-spec/run-spec.js";
export { foregroundCount } from "./sampling/foreground-count.js";
export { planBatch, planCrops } from "./sampling/plan-batch.js";
export { voxelCount, type Zyx } from "./zyx.js";
