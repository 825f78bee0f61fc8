/** Blocks of a level in nnU-Net's residual-encoder plans; deeper levels have as many as the last. */
const PRESET = [1, 3, 4, 6] as const;

/** Residual blocks of each of `levels` levels, as nnU-Net's planners M, L and XL plan them. */
export function presetBlocks(levels: number): number[] {
  return Array.from({ length: levels }, (_, level) => PRESET[level] ?? PRESET[3]);
}

/** `blocks` for a network of `levels` levels: those that they lack are as nnU-Net's planners plan them. */
export function fitBlocks(blocks: readonly number[], levels: number): number[] {
  return presetBlocks(levels).map((preset, level) => blocks[level] ?? preset);
}
