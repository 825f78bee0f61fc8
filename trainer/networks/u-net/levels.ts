import type { Zyx } from "../../../plan/zyx.js";

/** What nnU-Net's U-Nets have in common: one entry a level, finest first. */
export interface UnetLevels {
  readonly inputChannels: number;
  /** Outputs: the classes, background included, or the regions. */
  readonly classes: number;
  readonly features: readonly number[];
  readonly kernelSizes: readonly Zyx[];
  /** strides[0] is 1,1,1. */
  readonly strides: readonly Zyx[];
  /** Levels whose decoder has an output, finest first; predictions are made of the first. */
  readonly heads: readonly number[];
}

/** What `level` of a network is built with. */
export function levelOf(network: UnetLevels, level: number): { outputs: number; kernelSize: Zyx; stride: Zyx } {
  const outputs = network.features[level];
  const kernelSize = network.kernelSizes[level];
  const stride = network.strides[level];
  if (outputs === undefined || kernelSize === undefined || stride === undefined) {
    throw new RangeError(`level ${level} of the network has no features, kernel size or stride`);
  }
  return { outputs, kernelSize, stride };
}

/** By how much a patch is divided on each axis until the deepest level. */
export function totalStride({ strides }: UnetLevels): Zyx {
  const product = (axis: 0 | 1 | 2) => strides.reduce((all, stride) => all * stride[axis], 1);
  return [product(0), product(1), product(2)];
}
