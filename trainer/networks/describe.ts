import { stridesOf } from "../../plan/curriculum/levels.js";
import { presetBlocks } from "../../plan/curriculum/residual-blocks.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import { refuse } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";
import { checkPatchSize } from "./patch-multiple.js";
import type { SwinUnetr } from "./swin-unetr/network.js";
import type { UnetLevels } from "./u-net/levels.js";
import { UNETR_TOKEN, type Unetr } from "./unetr/network.js";

/** Names of the networks that are built here. */
export const NETWORKS = ["plain-unet", "residual-unet", "unetr", "swin-unetr"] as const;
/** Name of a network that is built here. */
export type NetworkName = (typeof NETWORKS)[number];

/** Channels of UNETR's transformer for each of its decoder's finest level (MONAI: 768 for 16). */
const UNETR_HIDDEN = 48;

/** What the features of SwinUNETR are a multiple of: MONAI checks it. */
const SWIN_FEATURES = 12;

/** What a network's plan does not say. */
export interface NetworkSize {
  /** Channels of the image. */
  readonly channels: number;
  /** Outputs: the classes, background included, or the regions. */
  readonly classes: number;
  /** Absent, or "auto": what the plan is made for. */
  readonly network?: NetworkName | "auto" | undefined;
  /**
   * Features of the finest level; each coarser level has twice as many. Absent: of a U-Net the plan's own, or nnU-Net's 32; MONAI's 16 of
   * UNETR and 24 of SwinUNETR.
   */
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
 * Throws SPEC_INVALID for a plan that the network cannot follow: no pooling at all, a kernel of even size, a patch that is no multiple of
 * what a transformer needs.
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
    case "unetr":
      return describeUnetr(plan, size);
    case "swin-unetr":
      return describeSwinUnetr(plan, size);
  }
}

/** MONAI's UNETR; `baseFeatures` other than its 16 scale the transformer too. Throws for a patch that is not made of its tokens. */
function describeUnetr(plan: NetworkPlan, { channels, classes, baseFeatures = 16 }: NetworkSize): Unetr {
  const hiddenSize = UNETR_HIDDEN * baseFeatures;
  const [z, y, x] = plan.patchSize;
  const network: Unetr = {
    kind: "unetr",
    inputChannels: channels,
    classes,
    heads: [0],
    featureSize: baseFeatures,
    hiddenSize,
    mlpDim: 4 * hiddenSize,
    attentionHeads: 12,
    layers: 12,
    grid: [z / UNETR_TOKEN, y / UNETR_TOKEN, x / UNETR_TOKEN],
  };
  checkPatchSize(network, plan.patchSize, "plan.patchSize");
  return network;
}

/** MONAI's SwinUNETR. Throws for a patch that it cannot halve five times, and for features that are no multiple of 12. */
function describeSwinUnetr(plan: NetworkPlan, { channels, classes, baseFeatures = 24 }: NetworkSize): SwinUnetr {
  if (baseFeatures % SWIN_FEATURES !== 0) {
    const nearest = SWIN_FEATURES * Math.max(1, Math.round(baseFeatures / SWIN_FEATURES));
    const want = `a multiple of ${SWIN_FEATURES} for the network swin-unetr`;
    refuse("baseFeatures", baseFeatures, want, `Try ${nearest}.`);
  }
  const network: SwinUnetr = {
    kind: "swin-unetr",
    inputChannels: channels,
    classes,
    heads: [0],
    featureSize: baseFeatures,
    depths: [2, 2, 2, 2],
    attentionHeads: [3, 6, 12, 24],
    window: [7, 7, 7],
  };
  checkPatchSize(network, plan.patchSize, "plan.patchSize");
  return network;
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
