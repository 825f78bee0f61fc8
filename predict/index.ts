export {
  type LabelImagesOptions,
  type LabelOutcome,
  type LabelProgress,
  type LabelsRecord,
  labelImages,
} from "./label-images.js";
