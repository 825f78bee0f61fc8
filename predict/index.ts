export {
  type ClassScore,
  type EvaluatedLabel,
  type EvaluateOptions,
  type Evaluation,
  evaluateLabels,
  type ScoredClass,
} from "./evaluate-labels.js";
export { type ExportedFold, exportNnunet } from "./export-nnunet.js";
export {
  type LabelImagesOptions,
  type LabelOutcome,
  type LabelProgress,
  type LabelsRecord,
  labelImages,
} from "./label-images.js";
export { type MeanScores, meanScores } from "./mean-scores.js";
export { scoresCsv } from "./scores-csv.js";
export { summaryJson } from "./summary-json.js";
