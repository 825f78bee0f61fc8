/** `patchstream/browser`: raw image to label where there is no file system, with a network that the caller runs. Nothing of `node:`. */
export { PatchstreamError } from "../../plan/index.js";
export type { ClassVolume } from "./class-volumes.js";
export { type LabelBlobOptions, type LabelledBlob, labelBlob } from "./label-blob.js";
export { type OnnxModel, readOnnxModel } from "./onnx-model.js";
