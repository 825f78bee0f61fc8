import { roundHalfToEven } from "../round-half-to-even.js";

/**
 * How many samples of a batch are forced to foreground; they are its last ones. nnU-Net (`data_loader.py`,
 * `_oversample_last_XX_percent`): sample j is, unless j < round(batchSize x (1 - fraction)).
 */
export function foregroundCount(batchSize: number, fraction: number): number {
  return batchSize - roundHalfToEven(batchSize * (1 - fraction));
}
