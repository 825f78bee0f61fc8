import { stridesOf } from "../../plan/curriculum/levels.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import { refuse } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";
import { presetBlocks } from "./residual-unet/network.js";
import type { UnetLevels } from "./u-net/levels.js";

/** Names of the networks that are built here. */
export const NETWORKS = ["plain-unet", "residual-unet"] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** What a network's plan does not say. */
export interface NetworkSize {
  /** Channels of the image. */
  readonly channels: number;
  /** Classes, background included. */
  readonly classes: number;
  /** Absent, or "auto": what the plan is made for. */
  readonly network?: NetworkName | "auto" | undefined;
  /** Features of the finest level; each coarser level has twice as many. Absent: the plan's own, or nnU-Net's 32. */
  readonly baseFeatures?: number | undefined;
  /** Upper bound of doubled features; nnU-Net's is 320 in 3D. */
  readonly maxFeatures?: number;
}

/** The network that "auto" stands for: a plan with residual blocks is one of nnU-Net's residual encoder. */
export function networkOf(plan: NetworkPlan): NetworkName {
  return plan.blocks === undefined ? "plain-unet" : "residual-unet";
}

/**
 * The network for `plan`. Of a U-Net, strides, kernels, features and residual blocks are the plan's; a plan of poolings alone gets
 * the strides of `stridesOf`, kernels of 3, and the blocks of nnU-Net's residual-encoder presets. It has an output on every
 * level but the deepest, as nnU-Net's, whether or not they are trained.
 * Throws SPEC_INVALID for a plan that the network cannot follow: no pooling at all, or a kernel of even size.
 */
export function describeNetwork(plan: NetworkPlan, size: NetworkSize): NetworkDescription {
  const { network = "auto" } = size;
  const kind = network === "auto" ? networkOf(plan) : network;
  switch (kind) {
    case "plain-unet":
      return { kind, ...unetLevels(kind, plan, size), convsPerLevel: 2 };
    case "residual-unet": {
      const levels = unetLevels(kind, plan, size);
      return { kind, ...levels, blocks: plan.blocks ?? presetBlocks(levels.strides.length) };
    }
  }
}

function unetLevels(kind: NetworkName, plan: NetworkPlan, size: NetworkSize): UnetLevels {
  const { channels, classes, baseFeatures, maxFeatures = 320 } = size;
  const strides = stridesOf(plan);
  if (strides.length < 2) refuse("plan.pooling", plan.pooling, `at least 1 on one axis for the network ${kind}`);
  const kernelSizes = plan.kernelSizes ?? strides.map((): Zyx => [3, 3, 3]);
  kernelSizes.forEach(checkKernelSize);
  const doubled = strides.map((_, level) => Math.min((baseFeatures ?? 32) * 2 ** level, maxFeatures));
  return {
    inputChannels: channels,
    classes,
    features: baseFeatures === undefined ? (plan.features ?? doubled) : doubled,
    kernelSizes,
    strides,
    heads: strides.slice(1).map((_, level) => level),
  };
}

function checkKernelSize(kernelSize: Zyx, level: number): void {
  const even = kernelSize.findIndex((extent) => extent % 2 === 0);
  if (even >= 0) refuse(`plan.kernelSizes[${level}][${even}]`, kernelSize[even], "odd");
}
