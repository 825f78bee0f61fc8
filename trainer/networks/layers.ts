import type { Zyx } from "../../plan/zyx.js";

/**
 * The layers a network is made of, for tensors of type T. An engine implements them once; `runNetwork` then runs, records
 * or differentiates any network with them. Tensors are (B,C,Z,Y,X); `name` is the prefix of a layer's parameters.
 */
export interface Layers<T> {
  /** Convolution, odd kernel, padding (kernel - 1) / 2. Parameters `weight` (out,in,Z,Y,X) and `bias` (out) where it has one. */
  convolution(input: T, name: string, shape: ConvolutionShape): T;
  /** Transposed convolution whose kernel is its stride. Parameters `weight` (in,out,Z,Y,X) and `bias` (out) where it has one. */
  upsample(input: T, name: string, shape: { outputs: number; stride: Zyx; bias: boolean }): T;
  /** Each sample and channel to mean 0, variance 1 (epsilon 1e-5), then scaled by `weight`, at first `start`, and shifted by `bias`. */
  instanceNorm(input: T, name: string, start?: "ones" | "zeros"): T;
  /** Mean of each block of `stride` voxels. */
  averagePool(input: T, stride: Zyx): T;
  /** Leaky ReLU of slope 0.01. */
  leakyRelu(input: T): T;
  add(first: T, second: T): T;
  /** Channels of `first`, then those of `second`. */
  concatenate(first: T, second: T): T;
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
