import type { Zyx } from "../../../plan/zyx.js";
import type { Layers } from "../layers.js";

const ONE: Zyx = [1, 1, 1];
const TWO: Zyx = [2, 2, 2];

/** MONAI's `UnetResBlock`: two convolutions without bias, norms without parameters, and the input added before the last activation. */
export function residualBlock<T>(
  layers: Layers<T>,
  input: T,
  name: string,
  { inputs, outputs }: { inputs: number; outputs: number },
): T {
  const shape = { outputs, kernelSize: [3, 3, 3], stride: ONE, bias: false } as const;
  const first = layers.leakyRelu(layers.instanceNorm(layers.convolution(input, `${name}.conv1.conv`, shape)));
  const second = layers.instanceNorm(layers.convolution(first, `${name}.conv2.conv`, shape));
  if (inputs === outputs) return layers.leakyRelu(layers.add(second, input));
  const projected = layers.convolution(input, `${name}.conv3.conv`, { ...shape, kernelSize: ONE });
  return layers.leakyRelu(layers.add(second, layers.instanceNorm(projected)));
}

/** A transposed convolution that doubles each axis, without bias. */
export function double<T>(layers: Layers<T>, input: T, name: string, outputs: number): T {
  return layers.upsample(input, `${name}.conv`, { outputs, stride: TWO, bias: false });
}

/** MONAI's `UnetrUpBlock`: doubled, joined with `skip`, which has `outputs` channels, and a residual block of both. */
export function upBlock<T>(layers: Layers<T>, input: T, skip: T, name: string, outputs: number): T {
  const joined = layers.concatenate(double(layers, input, `${name}.transp_conv`, outputs), skip);
  return residualBlock(layers, joined, `${name}.conv_block`, { inputs: 2 * outputs, outputs });
}

/** MONAI's `UnetOutBlock`: the logits. */
export function outBlock<T>(layers: Layers<T>, input: T, classes: number): T {
  return layers.convolution(input, "out.conv.conv", { outputs: classes, kernelSize: ONE, stride: ONE, bias: true });
}

/** MONAI's `MLPBlock` of each voxel: `hidden` channels between two linear layers. */
export function perceptron<T>(
  layers: Layers<T>,
  input: T,
  name: string,
  { hidden, outputs }: { hidden: number; outputs: number },
): T {
  const widened = layers.linear(input, `${name}.linear1`, { outputs: hidden, bias: true });
  return layers.linear(layers.gelu(widened), `${name}.linear2`, { outputs, bias: true });
}
