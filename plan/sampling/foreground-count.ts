/** The nearest integer, halves to the even one, as Python's `round`; `value` is at least 0. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * How many samples of a batch are forced to foreground; they are its last ones. nnU-Net (`data_loader.py`,
 * `_oversample_last_XX_percent`): sample j is, unless j < round(batchSize x (1 - fraction)).
 */
export function foregroundCount(batchSize: number, fraction: number): number {
  return batchSize - roundHalfToEven(batchSize * (1 - fraction));
}
