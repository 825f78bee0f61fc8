import type { Zyx } from "../../../plan/zyx.js";
import type { Layers } from "../layers.js";
import { double, outBlock, perceptron, residualBlock, upBlock } from "../monai/blocks.js";
import { UNETR_TOKEN, type Unetr } from "./network.js";

/** Blocks, counted from 0, whose tokens the decoder takes. */
const TAPS = [3, 6, 9] as const;

/** Output of each transformer block, and the normalised last one (`ViT`). */
function transform<T>(network: Unetr, layers: Layers<T>, image: T): { blocks: T[]; last: T } {
  const { hiddenSize, mlpDim, attentionHeads, grid } = network;
  const patch: Zyx = [UNETR_TOKEN, UNETR_TOKEN, UNETR_TOKEN];
  const embedding = "vit.patch_embedding";
  const embedded = layers.embedPatches(image, `${embedding}.patch_embeddings`, { outputs: hiddenSize, patch });
  let tokens = layers.addPositions(embedded, `${embedding}.position_embeddings`, grid);
  const blocks: T[] = [];
  for (let block = 0; block < network.layers; block++) {
    const name = `vit.blocks.${block}`;
    const normalised = layers.layerNorm(tokens, `${name}.norm1`);
    const qkv = layers.linear(normalised, `${name}.attn.qkv`, { outputs: 3 * hiddenSize, bias: false });
    const attended = layers.attention(qkv, { heads: attentionHeads });
    const projected = layers.linear(attended, `${name}.attn.out_proj`, { outputs: hiddenSize, bias: true });
    tokens = layers.add(tokens, projected);
    const shape = { hidden: mlpDim, outputs: hiddenSize };
    tokens = layers.add(tokens, perceptron(layers, layers.layerNorm(tokens, `${name}.norm2`), `${name}.mlp`, shape));
    blocks.push(tokens);
  }
  return { blocks, last: layers.layerNorm(tokens, "vit.norm") };
}

/** MONAI's `UnetrPrUpBlock`: tokens doubled once, then `count` times more with a residual block after each. */
function raise<T>(
  layers: Layers<T>,
  tokens: T,
  name: string,
  { count, outputs }: { count: number; outputs: number },
): T {
  let raised = double(layers, tokens, `${name}.transp_conv_init`, outputs);
  for (let step = 0; step < count; step++) {
    raised = double(layers, raised, `${name}.blocks.${step}.0`, outputs);
    raised = residualBlock(layers, raised, `${name}.blocks.${step}.1`, { inputs: outputs, outputs });
  }
  return raised;
}

/** Logits of MONAI 1.6's `UNETR`, under its names. */
export function runUnetr<T>(network: Unetr, layers: Layers<T>, image: T): T[] {
  const { featureSize, inputChannels } = network;
  const { blocks, last } = transform(network, layers, image);
  const [early, middle, late] = TAPS.map((tap) => blocks[tap] as T) as [T, T, T];
  const finest = residualBlock(layers, image, "encoder1.layer", { inputs: inputChannels, outputs: featureSize });
  const fine = raise(layers, early, "encoder2", { count: 2, outputs: 2 * featureSize });
  const coarse = raise(layers, middle, "encoder3", { count: 1, outputs: 4 * featureSize });
  const coarsest = raise(layers, late, "encoder4", { count: 0, outputs: 8 * featureSize });
  let output = upBlock(layers, last, coarsest, "decoder5", 8 * featureSize);
  output = upBlock(layers, output, coarse, "decoder4", 4 * featureSize);
  output = upBlock(layers, output, fine, "decoder3", 2 * featureSize);
  output = upBlock(layers, output, finest, "decoder2", featureSize);
  return [outBlock(layers, output, network.classes)];
}
