/** What of the trainer runs in a browser: no engine, nothing of `node:`. */
export { type OnnxOutline, readOnnx } from "./export/read-onnx.js";
export { labelMaker, labelReading } from "./inference/export-label.js";
export { labelFile } from "./inference/label-file.js";
export type { Axis } from "./inference/mirror.js";
export { predictInSlabs } from "./inference/sliding-window.js";
export { inSourceValues } from "./inference/source-values.js";
export { outputCount } from "./loop/label-options.js";
export type { TrainedOn } from "./run-folder/trained-on.js";
