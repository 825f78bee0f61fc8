export type { RankShare, RunStage, RunTensor, RunTimeline } from "../plan/batch/run-timeline.js";
export type { Sample } from "../plan/batch/sample.js";
export type { StageDecision, StageProposal } from "../plan/batch/stage-timeline.js";
export { type ErrorCode, type ErrorFacts, PatchstreamError } from "../plan/errors.js";
export type { LabelRegion, LabelSet } from "../plan/label-set.js";
export type { AugmentationInput, AugmentationProfile } from "../plan/run-spec/augmentation.js";
export { type DataSpecInput, parseDataSpec } from "../plan/run-spec/data-spec.js";
export type { Carrier } from "../rpc/carrier.js";
export { connect } from "./connect.js";
export { imageValues, labelClasses, labelValues, regionTargets, type WireTensor } from "./tensor-values.js";
export type { CarrierChoice } from "./transport/carrier.js";
export type {
  AwaitedBatch,
  Batch,
  BatchAddress,
  CaseGeometry,
  ConnectOptions,
  DataClient,
  DatasetCase,
  DatasetInfo,
  FleetStanding,
  ImageTensor,
  LabelTensor,
  OpenRunOptions,
  Preview,
  PreviewAddress,
  Region,
  ReplicaStanding,
  ReplicaState,
  Run,
  RunInfo,
  StageChanged,
  WaitOptions,
} from "./types.js";
