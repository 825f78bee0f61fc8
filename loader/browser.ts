/** What of the loader runs in a browser: no file system, nothing of `node:`. */
export { labelHeader } from "./dataset/nifti/label-header.js";
export { type NiftiBlob, readNiftiBlob } from "./dataset/nifti/read-nifti-blob.js";
export { type Preparation, parsePreparation } from "./dataset/planner/parse-plans.js";
export { prepareSource } from "./dataset/raw/prepare-source.js";
export { checkChannelCount, splitChannels } from "./dataset/raw/split-channels.js";
export { distinctColours } from "./preview/colours.js";
