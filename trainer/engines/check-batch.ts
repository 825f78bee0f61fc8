import { refuse } from "../../plan/errors.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "../networks/network.js";
import { IGNORED_LABEL } from "./constants.js";
import type { TrainingBatch } from "./engine.js";

/** Throws SPEC_INVALID unless `image` holds (B,C,Z,Y,X) and the network can halve `patchSize` as often as it needs. */
export function checkImage(network: NetworkDescription, image: Float32Array, batchSize: number, patchSize: Zyx): void {
  for (const axis of [0, 1, 2] as const) {
    const multiple = network.strides.reduce((product, stride) => product * stride[axis], 1);
    const extent = patchSize[axis];
    if (extent < 1 || extent % multiple !== 0) refuse(`patchSize[${axis}]`, extent, `a multiple of ${multiple}`);
  }
  checkLength("image", image.length, batchSize * network.inputChannels * voxelCount(patchSize));
}

/** `checkImage`, and that every label is a class of the network or 255. */
export function checkBatch(network: NetworkDescription, { image, label, batchSize, patchSize }: TrainingBatch): void {
  checkImage(network, image, batchSize, patchSize);
  checkLength("label", label.length, batchSize * voxelCount(patchSize));
  const wrong = label.find((value) => value >= network.classes && value !== IGNORED_LABEL);
  if (wrong === undefined) return;
  refuse("label", wrong, `at most ${network.classes - 1}, or ${IGNORED_LABEL} where the loss ignores it`);
}

function checkLength(field: string, got: number, want: number): void {
  if (got !== want) refuse(`${field}.length`, got, String(want));
}
