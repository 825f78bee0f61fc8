export {
  type EvaluatedLabel,
  type EvaluateOptions,
  type Evaluation,
  evaluateFolds,
  evaluateLabels,
} from "./evaluate-labels.js";
export { type ExportedFold, exportNnunet } from "./export-nnunet.js";
export { type GatheredFolds, gatherFolds } from "./gather-folds.js";
export {
  type LabelImagesOptions,
  type LabelOutcome,
  type LabelProgress,
  labelImages,
} from "./label-images.js";
export type { Models } from "./labeller.js";
export { type MeanScores, meanScores } from "./mean-scores.js";
export { type SavedModelsOptions, savedModels } from "./saved-models.js";
export { scoresCsv } from "./scores-csv.js";
export { type TrainerModelsOptions, trainerModels } from "./trainer-models.js";
