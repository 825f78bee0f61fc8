import type { Zyx } from "../zyx.js";

/** What nnU-Net's planner decides for a network: sizes in voxels (Z,Y,X). */
export interface NetworkPlan {
  /** Final patch, and the patch of inference; on each axis `minimum + k * increment`. */
  readonly patchSize: Zyx;
  readonly batchSize: number;
  /** Poolings per axis; a U-Net's smallest patch and its increment are 2^pooling. 0,0,0 where the network has none. */
  readonly pooling: Zyx;
  /** Smallest patch per axis, where it is not 2^pooling (UNETR's patchify size, Swin's window). */
  readonly minimum?: Zyx;
  /** Growth per axis, where it is not 2^pooling. */
  readonly increment?: Zyx;
  /** nnU-Net's `strides`: one entry a level, finest first, the first 1,1,1; each axis' product is 2^pooling. */
  readonly strides?: readonly Zyx[];
  /** nnU-Net's `kernel_sizes`: one entry a level. */
  readonly kernelSizes?: readonly Zyx[];
  /** nnU-Net's `features_per_stage`: channels of each level. */
  readonly features?: readonly number[];
  /** nnU-Net's `n_blocks_per_stage`: residual blocks of each level; a plan that has them is one of its residual-encoder U-Net. */
  readonly blocks?: readonly number[];
}

/** One stage of a curriculum. Stages are numbered from 0 in the API and on the wire. */
export interface Stage {
  /** Size of the tensors (Z,Y,X), voxels. */
  readonly patchSize: Zyx;
  readonly batchSize: number;
  readonly epochs: number;
  /** Share of foreground patches in a batch, 0 to 1. */
  readonly foregroundFraction: number;
  /** Progressive Resolution: the box (Z,Y,X) that is cut and resampled to `patchSize`. Absent: no resampling. */
  readonly cropSize?: Zyx;
}
