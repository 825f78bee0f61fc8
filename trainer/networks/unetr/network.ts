import type { Zyx } from "../../../plan/zyx.js";
import type { StateTensor } from "../state-tensor.js";

/** MONAI's UNETR: a vision transformer on patches of 16x16x16 voxels, and a convolutional decoder. */
export interface Unetr {
  readonly kind: "unetr";
  readonly inputChannels: number;
  /** Outputs: the classes, background included, or the regions. */
  readonly classes: number;
  /** It has one output. */
  readonly heads: readonly [0];
  /** Channels of the decoder's finest level. */
  readonly featureSize: number;
  /** Channels of the transformer. */
  readonly hiddenSize: number;
  readonly mlpDim: number;
  readonly attentionHeads: number;
  /** Blocks of the transformer. */
  readonly layers: number;
  /** Tokens per axis that the position embeddings are held for; for other patches they are interpolated. */
  readonly grid: Zyx;
}

/** Voxels of a token on each axis. */
export const UNETR_TOKEN = 16;

/** `norm_cross_attn` of each block: MONAI's module has it and uses it in no block of UNETR. */
export function unetrBuffers({ layers, hiddenSize }: Unetr): Map<string, StateTensor> {
  const shape = [hiddenSize];
  return new Map(
    Array.from({ length: layers }, (_, block) => `vit.blocks.${block}.norm_cross_attn`).flatMap((name) => [
      [`${name}.weight`, { shape, values: new Float32Array(hiddenSize).fill(1) }],
      [`${name}.bias`, { shape, values: new Float32Array(hiddenSize) }],
    ]),
  );
}
