import type { Zyx } from "../../../plan/zyx.js";
import type { Layers } from "../layers.js";
import { outBlock, perceptron, residualBlock, upBlock } from "../monai/blocks.js";
import { SWIN_TOKEN, type SwinUnetr, swinBlock } from "./network.js";

const TWO: Zyx = [2, 2, 2];

/** Order in which `PatchMerging` joins the voxels of a block of 2x2x2, each counted as 4 z + 2 y + x. */
const MERGE_ORDER = [0, 4, 2, 1, 6, 5, 3, 7];

/** Channels of a perceptron's hidden layer, as a multiple of the tokens'. */
const MLP_RATIO = 4;

const perAxis = (of: (axis: 0 | 1 | 2) => number): Zyx => [of(0), of(1), of(2)];

interface Stage {
  readonly stage: number;
  readonly channels: number;
  /** Of the tokens. */
  readonly size: Zyx;
}

/** `SwinTransformerBlock`: attention within windows, shifted in odd blocks where there is more than one window, then a perceptron. */
function transformBlock<T>(network: SwinUnetr, layers: Layers<T>, tokens: T, place: Stage & { block: number }): T {
  const { stage, block, channels, size } = place;
  const name = swinBlock(stage, block);
  // An axis that a window spans has one window, which is not shifted (`get_window_size`).
  const window = perAxis((axis) => Math.min(size[axis], network.window[axis]));
  const shift = perAxis((axis) => (block % 2 === 1 && size[axis] > window[axis] ? Math.floor(window[axis] / 2) : 0));
  const back = perAxis((axis) => -shift[axis]);
  const padding = perAxis((axis) => (window[axis] - (size[axis] % window[axis])) % window[axis]);

  const normalised = layers.layerNorm(tokens, `${name}.norm1`);
  const rolled = layers.roll(layers.pad(normalised, padding), shift);
  const qkv = layers.linear(rolled, `${name}.attn.qkv`, { outputs: 3 * channels, bias: true });
  const heads = network.attentionHeads[stage] as number;
  const offsets = { table: `${name}.attn.relative_position_bias_table`, window: network.window };
  const attended = layers.attention(qkv, { heads, windows: { window, shift, offsets } });
  const projected = layers.linear(attended, `${name}.attn.proj`, { outputs: channels, bias: true });
  const sum = layers.add(tokens, layers.crop(layers.roll(projected, back), size));
  const shape = { hidden: MLP_RATIO * channels, outputs: channels };
  return layers.add(sum, perceptron(layers, layers.layerNorm(sum, `${name}.norm2`), `${name}.mlp`, shape));
}

/** The five outputs of `SwinTransformer`, finest first, each normalised without parameters. */
function transform<T>(network: SwinUnetr, layers: Layers<T>, image: T, patchSize: Zyx): T[] {
  const { featureSize, depths } = network;
  const patch: Zyx = [SWIN_TOKEN, SWIN_TOKEN, SWIN_TOKEN];
  let tokens = layers.embedPatches(image, "swinViT.patch_embed.proj", { outputs: featureSize, patch });
  const outputs = [layers.layerNorm(tokens)];
  for (const [stage, count] of depths.entries()) {
    const channels = featureSize * 2 ** stage;
    const size = perAxis((axis) => patchSize[axis] / (SWIN_TOKEN * 2 ** stage));
    for (let block = 0; block < count; block++)
      tokens = transformBlock(network, layers, tokens, { stage, block, channels, size });
    const merging = `swinViT.layers${stage + 1}.0.downsample`;
    const merged = layers.layerNorm(layers.mergeBlocks(tokens, TWO, MERGE_ORDER), `${merging}.norm`);
    tokens = layers.linear(merged, `${merging}.reduction`, { outputs: 2 * channels, bias: false });
    outputs.push(layers.layerNorm(tokens));
  }
  return outputs;
}

/** Logits of MONAI 1.6's `SwinUNETR`, under its names, for patches of `patchSize`. */
export function runSwinUnetr<T>(network: SwinUnetr, layers: Layers<T>, image: T, patchSize: Zyx): T[] {
  const { featureSize: features, inputChannels } = network;
  const tokens = transform(network, layers, image, patchSize) as [T, T, T, T, T];
  const encode = (input: T, name: string, inputs: number, outputs: number): T =>
    residualBlock(layers, input, `${name}.layer`, { inputs, outputs });
  const image0 = encode(image, "encoder1", inputChannels, features);
  const image1 = encode(tokens[0], "encoder2", features, features);
  const image2 = encode(tokens[1], "encoder3", 2 * features, 2 * features);
  const image3 = encode(tokens[2], "encoder4", 4 * features, 4 * features);
  const deepest = encode(tokens[4], "encoder10", 16 * features, 16 * features);
  let output = upBlock(layers, deepest, tokens[3], "decoder5", 8 * features);
  output = upBlock(layers, output, image3, "decoder4", 4 * features);
  output = upBlock(layers, output, image2, "decoder3", 2 * features);
  output = upBlock(layers, output, image1, "decoder2", features);
  output = upBlock(layers, output, image0, "decoder1", features);
  return [outBlock(layers, output, network.classes)];
}
