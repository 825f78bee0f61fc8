export type { StepRow } from "../proto/messages.js";
export { connectTrainer } from "./client/connect-trainer.js";
export type { DescribedModel } from "./client/describe-model.js";
export type { TrainingFleet } from "./client/described-fleet.js";
export type { WatchedEvent, WatchedInShort } from "./client/events.js";
export type { PredictedLabel } from "./client/predict.js";
export type {
  CheckpointOptions,
  ImageToLabel,
  PredictOptions,
  RunSpecInput,
  StageWish,
  TrainerClient,
  TrainerConnectOptions,
  TrainingInShort,
} from "./client/types.js";
export type {
  HardCounts,
  Model,
  ModelOptions,
  ModelState,
  StepResult,
  StepSettings,
  TrainingBatch,
  TrainingEngine,
  ValidationResult,
} from "./engines/engine.js";
export { engineNames, openTrainingEngine } from "./engines/open.js";
export { foregroundClasses, type LabelClass } from "./evaluation/evaluate.js";
export { countLabels, type LabelCounts } from "./evaluation/label-counts.js";
export { numpyMean, numpyNanMean } from "./evaluation/numpy-mean.js";
export { type ClassScore, type ScoredCase, type ScoredClass, scoredClasses, scoreOf } from "./evaluation/scores.js";
export { summaryJson } from "./evaluation/summary-json.js";
export { type SurfaceDistances, surfaceDistances } from "./evaluation/surface-distances.js";
export { ToldCases } from "./evaluation/told-cases.js";
export { type NnunetTraining, nnunetCheckpoint } from "./export/nnunet-checkpoint.js";
export { exportOnnx } from "./export/onnx.js";
export { probabilitiesNpz } from "./export/probabilities.js";
export { type ExportedWeights, exportWeights } from "./export/weights.js";
export { FiguresTally, type TrainingFigures } from "./figures.js";
export type { EpochInShort, HistoryChange, Noted, StageSpan } from "./history/training-history.js";
export { TrainingHistory } from "./history/training-history.js";
export type { GridGeometry } from "./inference/export-label.js";
export { labelFile, narrowLabel } from "./inference/label-file.js";
export { type LabelledSize, labellingBytes } from "./inference/labelling-bytes.js";
export {
  openPredictor,
  type Predictor,
  type PredictorOptions,
  readCheckpointOf,
  readModel,
  type SavedModel,
} from "./inference/predictor.js";
export { inSourceValues } from "./inference/source-values.js";
export { networkFor, networkSize } from "./loop/network-for.js";
export { type ModelReport, type ReportedLayer, type ReportedStage, reportModel, stepFlops } from "./model-report.js";
export { describeNetwork, NETWORKS, type NetworkName, type NetworkSize } from "./networks/describe.js";
export type { NetworkDescription } from "./networks/network.js";
export { checkPatchSize } from "./networks/patch-multiple.js";
export type { CheckpointName } from "./run-folder/checkpoint.js";
export type { TrainingEvent } from "./run-folder/events.js";
export { type Followed, type FollowOptions, followFolder } from "./run-folder/follow-folder.js";
export {
  LABELS_FILE,
  type LabelsRecord,
  labelsRecordText,
  readLabelsRecord,
  weightsSha256,
} from "./run-folder/labels-record.js";
export { readEvents } from "./run-folder/read-events.js";
export { type HeldOutCases, readHeldOut } from "./run-folder/read-held-out.js";
export { readTrainingOnDisk, type TrainingOnDisk } from "./run-folder/read-in-short.js";
export type { TrainedOn } from "./run-folder/trained-on.js";
export type { DataAccess } from "./service/data-servers.js";
export { serveTrainer, type TrainerBudget, type TrainerOptions, type TrainerServer } from "./service/serve.js";
export { type EngineState, surveyEngines } from "./service/survey-engines.js";
export { parseRunSpec, parseTrainingSpec, type RunSpec, type TrainingSpec } from "./spec.js";
export type { TrainingStateName } from "./state-words.js";
export { type StageSummary, SummaryTally, type TrainingSummary } from "./summary.js";
