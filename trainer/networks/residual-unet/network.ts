import type { UnetLevels } from "../u-net/levels.js";

/** nnU-Net's ResidualEncoderUNet: residual blocks on the way down, one convolution a level on the way up. */
export interface ResidualUnet extends UnetLevels {
  readonly kind: "residual-unet";
  /** Residual blocks of each level. */
  readonly blocks: readonly number[];
}

/** Blocks of a level in nnU-Net's residual-encoder plans; deeper levels have as many as the last. */
const PRESET_BLOCKS = [1, 3, 4, 6];

/** Blocks of each of `levels` levels, as nnU-Net's presets M, L and XL have them. */
export function presetBlocks(levels: number): number[] {
  return Array.from(
    { length: levels },
    (_, level) => PRESET_BLOCKS[Math.min(level, PRESET_BLOCKS.length - 1)] as number,
  );
}
