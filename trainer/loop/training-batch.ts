import { imageValues, labelClasses, type WireTensor } from "../../client/tensor-values.js";
import type { Stage } from "../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ImageType, LabelType, Layout } from "../../plan/run-spec/resolved-spec.js";
import type { TrainingBatch } from "../engines/engine.js";

/** What is read of a batch. */
export interface ReceivedTensors {
  readonly step: number;
  readonly image: WireTensor<ImageType>;
  readonly label: WireTensor<LabelType>;
  /** Labels of the further levels, finest first; none without deep supervision. */
  readonly deepLabels: readonly WireTensor<LabelType>[];
}

function checkShape(step: number, name: string, got: readonly number[], want: readonly number[]): void {
  const text = (shape: readonly number[]) => `${name} ${shape.join("x")}`;
  if (text(got) !== text(want))
    throw new PatchstreamError({ code: "PATCH_MISMATCH", step, got: text(got), want: text(want) });
}

/**
 * A batch from the wire in the engine's terms. Throws PATCH_MISMATCH when its tensors have not the size of `stage`, whatever
 * size they have instead, so that no step is taken on it. The engine holds the sizes of `deepLabels` against the network's. May be a view on the batch's own bytes.
 */
export function trainingBatch(batch: ReceivedTensors, stage: Stage, layout: Layout, channels: number): TrainingBatch {
  const { patchSize, batchSize } = stage;
  const [first, last] = layout === "channels-first" ? [[channels], []] : [[], [channels]];
  checkShape(batch.step, "image", batch.image.shape, [batchSize, ...first, ...patchSize, ...last]);
  checkShape(batch.step, "label", batch.label.shape, [batchSize, ...patchSize]);
  const { values: image } = imageValues(batch.image, layout === "channels-last");
  const deepLabels = batch.deepLabels.map(labelClasses);
  return { image, label: labelClasses(batch.label), deepLabels, batchSize, patchSize };
}
