import { stridesOf } from "../../plan/curriculum/levels.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import { refuse } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";

/** What a network's plan does not say. */
export interface NetworkSize {
  /** Channels of the image. */
  readonly channels: number;
  /** Classes, background included. */
  readonly classes: number;
  /** Features of the finest level; each coarser level has twice as many. Absent: the plan's own, or nnU-Net's 32. */
  readonly baseFeatures?: number | undefined;
  /** Upper bound of doubled features; nnU-Net's is 320 in 3D. */
  readonly maxFeatures?: number;
}

/**
 * nnU-Net's PlainConvUNet for `plan`, two convolutions a level both ways. Strides and kernels are the plan's. A plan of
 * poolings alone gets those of `stridesOf` and kernels of 3.
 * Throws SPEC_INVALID for a plan that a U-Net cannot follow: no pooling at all, or a kernel of even size.
 */
export function describeNetwork(plan: NetworkPlan, size: NetworkSize): NetworkDescription {
  const { channels, classes, baseFeatures, maxFeatures = 320 } = size;
  const strides = stridesOf(plan);
  if (strides.length < 2) refuse("plan.pooling", plan.pooling, "at least 1 on one axis for the network plain-unet");
  const kernelSizes = plan.kernelSizes ?? strides.map((): Zyx => [3, 3, 3]);
  kernelSizes.forEach(checkKernelSize);
  const doubled = strides.map((_, level) => Math.min((baseFeatures ?? 32) * 2 ** level, maxFeatures));
  return {
    kind: "plain-unet",
    inputChannels: channels,
    classes,
    features: baseFeatures === undefined ? (plan.features ?? doubled) : doubled,
    kernelSizes,
    strides,
    convsPerLevel: 2,
  };
}

function checkKernelSize(kernelSize: Zyx, level: number): void {
  const even = kernelSize.findIndex((extent) => extent % 2 === 0);
  if (even >= 0) refuse(`plan.kernelSizes[${level}][${even}]`, kernelSize[even], "odd");
}
