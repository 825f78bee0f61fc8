import type { Layers } from "./layers.js";
import type { NetworkDescription } from "./network.js";
import { runNetwork } from "./run.js";

/** A tensor that training changes. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Values of a fresh network: He-distributed weights of convolutions, zeros of biases, ones of norm scales. */
  readonly start: "he" | "zeros" | "ones";
}

/** Numbers in a tensor of `shape`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All parameters of `network`, in the order in which a forward pass meets them. */
export function listParameters(network: NetworkDescription): Parameter[] {
  const found: Parameter[] = [];
  const add = (layer: string, weight: readonly number[], start: "he" | "ones", outputs: number): number => {
    found.push({ name: `${layer}.weight`, shape: weight, start });
    found.push({ name: `${layer}.bias`, shape: [outputs], start: "zeros" });
    return outputs;
  };
  const channelCounts: Layers<number> = {
    convolution: (inputs, name, { outputs, kernelSize }) => add(name, [outputs, inputs, ...kernelSize], "he", outputs),
    upsample: (inputs, name, { outputs, stride }) => add(name, [inputs, outputs, ...stride], "he", outputs),
    instanceNorm: (channels, name) => add(name, [channels], "ones", channels),
    leakyRelu: (channels) => channels,
    concatenate: (first, second) => first + second,
  };
  runNetwork(network, channelCounts, network.inputChannels);
  return found;
}
