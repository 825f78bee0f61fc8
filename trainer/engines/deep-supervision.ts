import type { NetworkDescription } from "../networks/network.js";
import type { TrainingBatch } from "./engine.js";

/**
 * Weights of the losses of a network's outputs, finest first: nnU-Net's 1, 1/2, 1/4, ... with the coarsest left out, normalised to a
 * sum of 1 (`nnUNetTrainer._build_loss`). An output of weight 0 is not in the list. A single output has all the weight.
 */
export function lossWeights(outputs: number): number[] {
  const halved = Array.from({ length: Math.max(1, outputs - 1) }, (_, index) => 2 ** -index);
  const sum = halved.reduce((total, weight) => total + weight, 0);
  return halved.map((weight) => weight / sum);
}

/** The labels of `batch` that its loss counts, finest first: one for each of `lossWeights`. */
export function countedLabels(network: NetworkDescription, { label, deepLabels = [] }: TrainingBatch): Uint8Array[] {
  if (deepLabels.length === 0) return [label];
  return [label, ...deepLabels].slice(0, lossWeights(network.heads.length).length);
}
