import type { Zyx } from "../../plan/zyx.js";

/**
 * The layers a network is made of, for tensors of type T. An engine implements them once; `runNetwork` then runs, records
 * or differentiates any network with them. Tensors are (B,C,Z,Y,X), tokens of a transformer too; `name` is the prefix of a layer's parameters.
 */
export interface Layers<T> {
  /** Convolution, odd kernel, padding (kernel - 1) / 2. Parameters `weight` (out,in,Z,Y,X) and `bias` (out) where it has one. */
  convolution(input: T, name: string, shape: ConvolutionShape): T;
  /** Transposed convolution whose kernel is its stride. Parameters `weight` (in,out,Z,Y,X) and `bias` (out) where it has one. */
  upsample(input: T, name: string, shape: { outputs: number; stride: Zyx; bias: boolean }): T;
  /** Convolution whose kernel is its stride, with bias: each block becomes a voxel. Parameters as of `convolution`. */
  embedPatches(input: T, name: string, shape: { outputs: number; patch: Zyx }): T;
  /** The channels of each voxel times a matrix. Parameters `weight` (out,in) and `bias` (out) where it has one. */
  linear(input: T, name: string, shape: { outputs: number; bias: boolean }): T;
  /**
   * Each sample and channel to mean 0, variance 1 (epsilon 1e-5); with a name then scaled by `weight`, at first `start`, and
   * shifted by `bias`.
   */
  instanceNorm(input: T, name?: string, start?: "ones" | "zeros"): T;
  /** The channels of each voxel to mean 0, variance 1 (epsilon 1e-5); with a name then scaled by `weight` and shifted by `bias`. */
  layerNorm(input: T, name?: string): T;
  /** Adds a vector (C) of parameter `name` (1,voxels of grid,C) to each voxel, interpolated from `grid` to the input's size where they differ. */
  addPositions(input: T, name: string, grid: Zyx): T;
  /** Softmax attention of `heads` heads; the input's channels are queries, keys and values, each of head after head. */
  attention(input: T, shape: AttentionShape): T;
  /** Mean of each block of `stride` voxels. */
  averagePool(input: T, stride: Zyx): T;
  /** Leaky ReLU of slope 0.01. */
  leakyRelu(input: T): T;
  /** GELU with the error function, not its approximation. */
  gelu(input: T): T;
  add(first: T, second: T): T;
  /** Channels of `first`, then those of `second`. */
  concatenate(first: T, second: T): T;
  /** Zeros after the last voxel of each axis. */
  pad(input: T, after: Zyx): T;
  /** The first `size` voxels. */
  crop(input: T, size: Zyx): T;
  /** Voxel v of the output is voxel v + `by` of the input, counted on from the other end. */
  roll(input: T, by: Zyx): T;
  /** The voxels of each block become channels: those of the block's first voxel in `order`, then of the next. */
  mergeBlocks(input: T, block: Zyx, order: readonly number[]): T;
}

export interface AttentionShape {
  readonly heads: number;
  /** Each voxel attends to those of its window. Absent: to all. */
  readonly windows?: AttentionWindows;
}

export interface AttentionWindows {
  /** Voxels of a window; the input's size is a multiple of it. */
  readonly window: Zyx;
  /** How far the input was rolled; voxels that this brought together do not attend to each other (score - 100). */
  readonly shift: Zyx;
  /**
   * Parameter (offsets,heads) whose rows are added to the scores, for windows of `window`. A smaller window's voxels have the offsets of
   * as many first voxels of that one, in C order, as MONAI has it.
   */
  readonly offsets: { readonly table: string; readonly window: Zyx };
}

export interface ConvolutionShape {
  readonly outputs: number;
  readonly kernelSize: Zyx;
  readonly stride: Zyx;
  readonly bias: boolean;
}

/** Added to the variance by norms (PyTorch's and nnU-Net's default). */
export const NORM_EPSILON = 1e-5;

/** Slope of the leaky ReLU left of 0 (nnU-Net's). */
export const LEAKY_SLOPE = 0.01;
