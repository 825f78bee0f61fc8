import type { Zyx } from "../../../plan/zyx.js";
import type { StateTensor } from "../state-tensor.js";

/** MONAI's SwinUNETR: attention within windows that are shifted in every second block, and a convolutional decoder. */
export interface SwinUnetr {
  readonly kind: "swin-unetr";
  readonly inputChannels: number;
  /** Outputs: the classes, background included, or the regions. */
  readonly classes: number;
  /** It has one output. */
  readonly heads: readonly [0];
  /** Channels of the finest tokens; each coarser stage has twice as many. */
  readonly featureSize: number;
  /** Blocks of each stage, finest first. */
  readonly depths: readonly number[];
  readonly attentionHeads: readonly number[];
  /** Tokens of a window on each axis. */
  readonly window: Zyx;
}

/** Voxels of a finest token on each axis. */
export const SWIN_TOKEN = 2;

/** Prefix of a block's names. */
export function swinBlock(stage: number, block: number): string {
  return `swinViT.layers${stage + 1}.0.blocks.${block}`;
}

/** Rows of a table with one row for each offset between two tokens of a window. */
export function offsetCount(window: Zyx): number {
  return window.reduce((product, extent) => product * (2 * extent - 1), 1);
}

/**
 * For each token of a window, in C order, a number whose difference between two tokens, plus `shift`, is the row of their offset in the table
 * of relative positions (`WindowAttention.relative_position_index`).
 */
export function offsetKeys(window: Zyx): { keys: number[]; shift: number } {
  const [, y, x] = window;
  const strides = [(2 * y - 1) * (2 * x - 1), 2 * x - 1, 1];
  const keys: number[] = [];
  for (let i = 0; i < window[0]; i++)
    for (let j = 0; j < y; j++)
      for (let k = 0; k < x; k++) keys.push(i * (strides[0] as number) + j * (strides[1] as number) + k);
  return { keys, shift: (offsetCount(window) - 1) / 2 };
}

/** `relative_position_index` of each block. */
export function swinBuffers({ depths, window }: SwinUnetr): Map<string, StateTensor> {
  const { keys, shift } = offsetKeys(window);
  const values = BigInt64Array.from({ length: keys.length ** 2 }, (_, pair) => {
    const [from, to] = [Math.floor(pair / keys.length), pair % keys.length];
    return BigInt((keys[from] as number) - (keys[to] as number) + shift);
  });
  const tensor = { shape: [keys.length, keys.length], values };
  return new Map(
    depths.flatMap((count, stage) =>
      Array.from({ length: count }, (_, block): [string, StateTensor] => [
        `${swinBlock(stage, block)}.attn.relative_position_index`,
        tensor,
      ]),
    ),
  );
}
