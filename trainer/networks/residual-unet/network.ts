import type { UnetLevels } from "../u-net/levels.js";

/** nnU-Net's ResidualEncoderUNet: residual blocks on the way down, one convolution a level on the way up. */
export interface ResidualUnet extends UnetLevels {
  readonly kind: "residual-unet";
  /** Residual blocks of each level. */
  readonly blocks: readonly number[];
}
