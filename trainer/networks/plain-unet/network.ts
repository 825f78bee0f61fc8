import type { UnetLevels } from "../u-net/levels.js";

/** nnU-Net's PlainConvUNet. */
export interface PlainUnet extends UnetLevels {
  readonly kind: "plain-unet";
  readonly convsPerLevel: number;
}
