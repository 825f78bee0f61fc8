import type { Zyx } from "../../../plan/zyx.js";
import type { Layers } from "../layers.js";
import { convolutionBlock, decode } from "../u-net/decoder.js";
import { levelOf } from "../u-net/levels.js";
import type { ResidualUnet } from "./network.js";

const ONE: Zyx = [1, 1, 1];

interface Block {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernelSize: Zyx;
  readonly stride: Zyx;
}

/**
 * `BasicBlockD` of dynamic-network-architectures. The norm before the sum starts at 0, so that a fresh block lets its input
 * through (`init_last_bn_before_add_to_0`).
 */
function residualBlock<T>(layers: Layers<T>, input: T, name: string, { inputs, ...shape }: Block): T {
  const { outputs, stride } = shape;
  const first = convolutionBlock(layers, input, `${name}.conv1`, shape);
  const convolved = layers.convolution(first, `${name}.conv2.conv`, { ...shape, stride: ONE, bias: true });
  const normalised = layers.instanceNorm(convolved, `${name}.conv2.norm`, "zeros");
  const strided = stride.some((extent) => extent !== 1);
  let skipped = strided ? layers.averagePool(input, stride) : input;
  if (inputs !== outputs) {
    const projection = `${name}.skip.${strided ? 1 : 0}`;
    const point = { outputs, kernelSize: ONE, stride: ONE, bias: false };
    const projected = layers.convolution(skipped, `${projection}.conv`, point);
    skipped = layers.instanceNorm(projected, `${projection}.norm`);
  }
  return layers.leakyRelu(layers.add(normalised, skipped));
}

/** Logits of `ResidualEncoderUNet` (dynamic-network-architectures 0.4), under its names. */
export function runResidualUnet<T>(network: ResidualUnet, layers: Layers<T>, image: T): T[] {
  const finest = levelOf(network, 0);
  const encoded: T[] = [];
  let output = convolutionBlock(layers, image, "encoder.stem.convs.0", { ...finest, stride: ONE });
  let inputs = finest.outputs;
  for (const [level, blocks] of network.blocks.entries()) {
    const shape = levelOf(network, level);
    for (let block = 0; block < blocks; block++) {
      const name = `encoder.stages.${level}.blocks.${block}`;
      const stride = block === 0 ? shape.stride : ONE;
      output = residualBlock(layers, output, name, { ...shape, inputs, stride });
      inputs = shape.outputs;
    }
    encoded.push(output);
  }
  return decode(network, layers, encoded, 1);
}
