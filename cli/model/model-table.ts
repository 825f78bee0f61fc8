import type { Mode } from "../../plan/index.js";
import type { ModelReport } from "../../trainer/index.js";
import { alignColumns, sizeText } from "../columns.js";

const MEBIBYTE = 2 ** 20;
const GIGA = 1e9;

/** The table that `patchstream model` prints. */
export function modelTable(mode: Mode, { network, parameters, layers, stages }: ModelReport): string {
  const header = ["stage", "patch", "batch", "GFLOP a step", "memory of a step, MiB"];
  const rows = stages.map(({ stage, patchSize, batchSize, flops, memoryBytes }) => [
    `${stage}`,
    sizeText(patchSize),
    `${batchSize}`,
    (flops / GIGA).toFixed(1),
    (memoryBytes / MEBIBYTE).toFixed(0),
  ]);
  const { kind, inputChannels, classes } = network;
  const layerCount = layers.filter(({ parameters }) => parameters > 0).length;
  return [
    `${kind}: ${parameters.toLocaleString("en")} parameters in ${layerCount} layers`,
    ` (channels ${inputChannels}, classes ${classes}), ${mode}\n\n`,
    alignColumns([header, ...rows], [1]),
  ].join("");
}
