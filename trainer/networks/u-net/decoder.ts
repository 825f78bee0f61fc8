import type { Zyx } from "../../../plan/zyx.js";
import type { Layers } from "../layers.js";
import { levelOf, type UnetLevels } from "./levels.js";

const ONE: Zyx = [1, 1, 1];

interface Block {
  readonly outputs: number;
  readonly kernelSize: Zyx;
  readonly stride: Zyx;
}

/** Convolution, instance norm, leaky ReLU: `ConvDropoutNormReLU` of dynamic-network-architectures. */
export function convolutionBlock<T>(layers: Layers<T>, input: T, name: string, shape: Block): T {
  const convolved = layers.convolution(input, `${name}.conv`, { ...shape, bias: true });
  return layers.leakyRelu(layers.instanceNorm(convolved, `${name}.norm`));
}

/** `count` blocks one after the other, the first with the stride: `StackedConvBlocks`. */
export function stackedBlocks<T>(layers: Layers<T>, input: T, name: string, count: number, shape: Block): T {
  let output = input;
  for (let i = 0; i < count; i++) {
    output = convolutionBlock(layers, output, `${name}.convs.${i}`, i === 0 ? shape : { ...shape, stride: ONE });
  }
  return output;
}

/**
 * `UNetDecoder` of dynamic-network-architectures: from the outputs of the encoder's levels, finest first, to the logits of
 * `network.heads`. The heads are made after all else, the finest first, so that those which a training leaves out come last.
 */
export function decode<T>(network: UnetLevels, layers: Layers<T>, encoded: readonly T[], convsPerLevel: number): T[] {
  const deepest = encoded.length - 1;
  const decoded: T[] = [];
  let output = encoded[deepest] as T;
  for (let level = deepest - 1; level >= 0; level--) {
    const up = deepest - 1 - level;
    const { outputs, kernelSize } = levelOf(network, level);
    const { stride } = levelOf(network, level + 1);
    const raised = layers.upsample(output, `decoder.transpconvs.${up}`, { outputs, stride, bias: true });
    const joined = layers.concatenate(raised, encoded[level] as T);
    const shape = { outputs, kernelSize, stride: ONE };
    output = stackedBlocks(layers, joined, `decoder.stages.${up}`, convsPerLevel, shape);
    decoded[level] = output;
  }
  return network.heads.map((level) => {
    const head = { outputs: network.classes, kernelSize: ONE, stride: ONE, bias: true };
    return layers.convolution(decoded[level] as T, `decoder.seg_layers.${deepest - 1 - level}`, head);
  });
}
