import type { DataSpecInput } from "../../../client/index.js";
import type { TrainingBatch } from "../../../trainer/engines/engine.js";
import { idleModel } from "./trained.js";

/** Six epochs of two steps, three stages of two epochs; four validation batches an epoch. */
export const VALIDATED_RUN = {
  dataset: "Task04_Hippocampus",
  split: { train: ["hippocampus_003", "hippocampus_052"], val: ["hippocampus_060"] },
  plan: { patchSize: [16, 16, 16], batchSize: 2, pooling: [3, 3, 3] },
  stages: [
    { patchSize: [8, 8, 8], batchSize: 4, epochs: 2 },
    { patchSize: [8, 16, 16], epochs: 2 },
    { patchSize: [16, 16, 16], epochs: 2 },
  ],
  epochs: 6,
  stepsPerEpoch: 2,
  valSteps: 4,
  strategy: "nnunet",
  augmentation: "none",
} as const satisfies DataSpecInput;

export const EPOCHS = 6;

/**
 * A model that learns nothing, and finds `diceOf(epoch)` of the first class, to three digits, and none of a second one; epochs count from the
 * model's first. Its validation loss is the epoch. Tells what it was given.
 */
export function validatedModel(diceOf: (epoch: number) => number = () => 0.5) {
  const patches: string[] = [];
  const images: number[] = [];
  const model = idleModel({
    async validate({ patchSize, image }: TrainingBatch) {
      const epoch = Math.floor(images.length / VALIDATED_RUN.valSteps);
      patches.push(patchSize.join("x"));
      images.push(image.reduce((sum, value) => sum + value, 0));
      // 2 tp / (2 tp + fp), over all batches of an epoch.
      const truePositive = Math.round(diceOf(epoch) * 1000);
      const found = { truePositive, falsePositive: 2 * (1000 - truePositive), falseNegative: 0 };
      return { loss: epoch, counts: [found, { truePositive: 0, falsePositive: 0, falseNegative: 0 }] };
    },
  });
  return { model, patches, images };
}
