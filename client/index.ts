export type { Sample } from "../plan/batch/sample.js";
export type { StageDecision, StageProposal } from "../plan/batch/stage-timeline.js";
export { type ErrorCode, type ErrorFacts, PatchstreamError } from "../plan/errors.js";
export type { LabelRegion, LabelSet } from "../plan/label-set.js";
export { connect } from "./connect.js";
export { imageValues, labelClasses, labelValues, regionTargets, type WireTensor } from "./tensor-values.js";
export type {
  Batch,
  BatchAddress,
  CaseGeometry,
  ConnectOptions,
  DataClient,
  DatasetCase,
  DatasetInfo,
  OpenRunOptions,
  Preview,
  PreviewAddress,
  Region,
  Run,
  RunInfo,
  StageChanged,
  Tensor,
  WaitOptions,
} from "./types.js";
