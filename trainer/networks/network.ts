import type { Zyx } from "../../plan/zyx.js";

/** nnU-Net's PlainConvUNet as data: what every engine builds from. Sizes and strides are Z,Y,X. */
export interface NetworkDescription {
  readonly kind: "plain-unet";
  readonly inputChannels: number;
  /** Outputs, background included. */
  readonly classes: number;
  /** One entry a level, finest first. */
  readonly features: readonly number[];
  readonly kernelSizes: readonly Zyx[];
  /** strides[0] is 1,1,1. */
  readonly strides: readonly Zyx[];
  readonly convsPerLevel: number;
}
