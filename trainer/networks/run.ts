import type { Zyx } from "../../plan/zyx.js";
import type { Layers } from "./layers.js";
import type { NetworkDescription } from "./network.js";

/**
 * Runs `network` on an image (B,C,Z,Y,X) with `layers` and returns logits (B,K,Z,Y,X): the one definition of nnU-Net's
 * PlainConvUNet. Parameter names are those of dynamic-network-architectures, so that nnU-Net's weights fit by name.
 */
export function runNetwork<T>(network: NetworkDescription, layers: Layers<T>, image: T): T {
  const block = (input: T, name: string, outputs: number, kernelSize: Zyx, stride: Zyx): T => {
    const convolved = layers.convolution(input, `${name}.conv`, { outputs, kernelSize, stride });
    return layers.leakyRelu(layers.instanceNorm(convolved, `${name}.norm`));
  };
  const level = (input: T, name: string, index: number, stride: Zyx): T => {
    const { outputs, kernelSize } = geometry(network, index);
    let output = input;
    for (let i = 0; i < network.convsPerLevel; i++) {
      output = block(output, `${name}.convs.${i}`, outputs, kernelSize, i === 0 ? stride : [1, 1, 1]);
    }
    return output;
  };

  const skips: T[] = [];
  let deepest = image;
  for (let index = 0; index < network.features.length; index++) {
    deepest = level(deepest, `encoder.stages.${index}.0`, index, geometry(network, index).stride);
    skips.push(deepest);
  }
  skips.pop();
  let output = deepest;
  for (let up = 0; skips.length > 0; up++) {
    const index = skips.length - 1;
    const { outputs } = geometry(network, index);
    const { stride } = geometry(network, index + 1);
    const raised = layers.upsample(output, `decoder.transpconvs.${up}`, { outputs, stride });
    output = level(layers.concatenate(raised, skips.pop() as T), `decoder.stages.${up}`, index, [1, 1, 1]);
  }
  const head = `decoder.seg_layers.${network.features.length - 2}`;
  return layers.convolution(output, head, { outputs: network.classes, kernelSize: [1, 1, 1], stride: [1, 1, 1] });
}

function geometry(network: NetworkDescription, level: number): { outputs: number; kernelSize: Zyx; stride: Zyx } {
  const outputs = network.features[level];
  const kernelSize = network.kernelSizes[level];
  const stride = network.strides[level];
  if (outputs === undefined || kernelSize === undefined || stride === undefined) {
    throw new RangeError(`level ${level} of the network has no features, kernel size or stride`);
  }
  return { outputs, kernelSize, stride };
}
