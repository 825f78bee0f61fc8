import type { Transform } from "../../../plan/augment/transform.js";
import type { WireFormat } from "../../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { Kernels } from "../../kernels/kernels.js";
import type { PatchSizes } from "../memory/scratch.js";
import type { Wrote } from "./tensor-output.js";

export interface PatchFormat extends PatchSizes {
  readonly wire: WireFormat;
  /** Sizes (Z,Y,X) of the further labels of deep supervision. */
  readonly deepLabels: readonly Zyx[];
  /** The run's seed. */
  readonly seed: number;
}

/** Where a batch's tensors are written: `samples` of them from byte `offset` of `buffer` on. */
export interface BatchPlace {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly samples: number;
  readonly channels: number;
  /** Called for each piece that has been written. */
  readonly wrote?: Wrote | undefined;
}

/** Kernels, and the part of their memory in which patches are made: `scratchBytes` from `offset` on. */
export interface Workplace {
  readonly kernels: Kernels;
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
}

/** How one patch is cut. */
export interface PatchCut {
  /** First voxel (Z,Y,X, voxels of the source) of the box. */
  readonly lower: Zyx;
  readonly transforms: readonly Transform[];
  /** Axes, as kernels' bits. */
  readonly mirrored: number;
  /** Its place in the batch. */
  readonly place: number;
}
