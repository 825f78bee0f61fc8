import { refuse } from "../../plan/errors.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "../networks/network.js";
import { outputSizes } from "../networks/outputs.js";
import { patchMultiple } from "../networks/patch-multiple.js";
import { IGNORED_LABEL } from "./constants.js";
import type { TrainingBatch } from "./engine.js";
import { type TargetReading, unknownValue } from "./target-reading.js";

/** Throws SPEC_INVALID unless `image` holds (B,C,Z,Y,X) and the network can halve `patchSize` as often as it needs. */
export function checkImage(network: NetworkDescription, image: Float32Array, batchSize: number, patchSize: Zyx): void {
  const multiples = patchMultiple(network);
  for (const axis of [0, 1, 2] as const) {
    const multiple = multiples[axis];
    const extent = patchSize[axis];
    if (extent < 1 || extent % multiple !== 0) refuse(`patchSize[${axis}]`, extent, `a multiple of ${multiple}`);
  }
  checkLength("image", image.length, batchSize * network.inputChannels * voxelCount(patchSize));
}

/**
 * `checkImage`, that every label value is one that counts, the ignore label or 255, and that there is a label for each of the network's
 * outputs where there are further labels at all.
 */
export function checkBatch(network: NetworkDescription, reading: TargetReading, batch: TrainingBatch): void {
  const { image, label, deepLabels = [], batchSize, patchSize } = batch;
  checkImage(network, image, batchSize, patchSize);
  checkLabel("label", reading, label, batchSize * voxelCount(patchSize));
  if (deepLabels.length === 0) return;
  const [, ...sizes] = outputSizes(network, patchSize);
  checkLength("deepLabels", deepLabels.length, sizes.length);
  for (const [index, deep] of deepLabels.entries())
    checkLabel(`deepLabels[${index}]`, reading, deep, batchSize * voxelCount(sizes[index] as Zyx));
}

function checkLabel(field: string, reading: TargetReading, label: Uint8Array, voxels: number): void {
  checkLength(field, label.length, voxels);
  const wrong = unknownValue(reading, label);
  if (wrong === undefined) return;
  const ignored = [reading.ignoreLabel, IGNORED_LABEL].filter((value) => value !== undefined);
  refuse(field, wrong, `at most ${reading.values - 1}, or ${ignored.join(" or ")} where the loss ignores it`);
}

function checkLength(field: string, got: number, want: number): void {
  if (got !== want) refuse(`${field}.length`, got, String(want));
}
