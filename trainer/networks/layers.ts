import type { Zyx } from "../../plan/zyx.js";

/**
 * The layers a network is made of, for tensors of type T. An engine implements them once; `runNetwork` then runs, records
 * or differentiates any network with them. Tensors are (B,C,Z,Y,X); `name` is the prefix of a layer's parameters.
 */
export interface Layers<T> {
  /** Convolution with bias, odd kernel, padding (kernel - 1) / 2. Parameters `weight` (out,in,Z,Y,X) and `bias` (out). */
  convolution(input: T, name: string, shape: { outputs: number; kernelSize: Zyx; stride: Zyx }): T;
  /** Transposed convolution with bias whose kernel is its stride. Parameters `weight` (in,out,Z,Y,X) and `bias` (out). */
  upsample(input: T, name: string, shape: { outputs: number; stride: Zyx }): T;
  /** Each sample and channel to mean 0, variance 1 (epsilon 1e-5), then scaled by `weight` and shifted by `bias`. */
  instanceNorm(input: T, name: string): T;
  /** Leaky ReLU of slope 0.01. */
  leakyRelu(input: T): T;
  /** Channels of `first`, then those of `second`. */
  concatenate(first: T, second: T): T;
}

/** Added to the variance by instance norm (PyTorch's and nnU-Net's default). */
export const NORM_EPSILON = 1e-5;

/** Slope of the leaky ReLU left of 0 (nnU-Net's). */
export const LEAKY_SLOPE = 0.01;
