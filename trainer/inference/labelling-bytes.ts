import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import type { Maps } from "./sliding-window.js";

/** What labelling one image takes, in numbers of voxels. */
export interface LabelledSize {
  /** (C,Z,Y,X) of the image at the model's spacing, within the crop. */
  readonly shape: Maps["shape"];
  /** Voxels of the label's grid. */
  readonly sourceVoxels: number;
  /** Outputs of the network. */
  readonly classes: number;
  /** (Z,Y,X) of a window. */
  readonly patchSize: Zyx;
}

const FLOAT_BYTES = 4;

/** Sums in work, planes that are finished, and those before them. */
const HELD_SLABS = 3;

/**
 * Bytes while an image is labelled, beside the network: the image, the logits of as many planes as a window has, and the label as bytes.
 * The number of classes counts for these planes alone, whatever the length of the volume.
 */
export function labellingBytes({ shape, sourceVoxels, classes, patchSize }: LabelledSize): number {
  const [channels, ...size] = shape;
  const slab = FLOAT_BYTES * (classes + 1) * Math.min(size[0], patchSize[0]) * size[1] * size[2];
  return FLOAT_BYTES * channels * voxelCount(size) + HELD_SLABS * slab + sourceVoxels;
}
