import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";

/** Sizes of a network that its plan leaves open. */
export interface NetworkSize {
  /** Channels of the image. */
  readonly channels: number;
  /** Classes, background included. */
  readonly classes: number;
  /** Features of the finest level; each coarser level has twice as many. */
  readonly baseFeatures: number;
  /** Upper bound of the features of a level; nnU-Net's is 320 in 3D. */
  readonly maxFeatures?: number;
}

const poolAlong = (pooling: Zyx, level: number, axis: 0 | 1 | 2): number =>
  level > 0 && level <= pooling[axis] ? 2 : 1;

/**
 * nnU-Net's PlainConvUNet for `plan`: one level more than the most pooled axis has poolings, two convolutions a level both
 * ways, kernels of 3. An axis with fewer poolings is strided in the finest levels and kept whole in the deeper ones
 * (nnU-Net, `get_pool_and_conv_props`, for equal spacings).
 */
export function describeNetwork(plan: NetworkPlan, size: NetworkSize): NetworkDescription {
  const { channels, classes, baseFeatures, maxFeatures = 320 } = size;
  const levels = Array.from({ length: Math.max(...plan.pooling) + 1 }, (_, level) => level);
  return {
    kind: "plain-unet",
    inputChannels: channels,
    classes,
    features: levels.map((level) => Math.min(baseFeatures * 2 ** level, maxFeatures)),
    kernelSizes: levels.map((): Zyx => [3, 3, 3]),
    strides: levels.map(
      (level): Zyx => [
        poolAlong(plan.pooling, level, 0),
        poolAlong(plan.pooling, level, 1),
        poolAlong(plan.pooling, level, 2),
      ],
    ),
    convsPerLevel: 2,
  };
}
