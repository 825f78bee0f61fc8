import type { Zyx } from "../../../plan/zyx.js";
import { type Layers, LEAKY_SLOPE, NORM_EPSILON } from "../../networks/layers.js";
import type { PlainUnet } from "../../networks/plain-unet/network.js";
import type { ResidualUnet } from "../../networks/residual-unet/network.js";
import { runNetwork } from "../../networks/run.js";
import type { ModelState } from "../engine.js";
import { GraphBuilder, type Value } from "./graph.js";
import type { Graph } from "./model-proto.js";

/** The networks whose layers take any size. */
export type OpenNetwork = PlainUnet | ResidualUnet;

/**
 * The forward pass of a U-Net with its weights in it, for any number of images of any size that the network can halve. Input: `image`
 * (B,C,Z,Y,X); output: `logits` (B,K,Z,Y,X) of the finest head. No node holds a size: shapes are those of `sample`, and are told
 * nobody. Operators are ONNX's own whole ones, which every runtime has.
 */
export function openGraph(network: OpenNetwork, weights: ModelState, sample: Zyx): Graph {
  const graph = new GraphBuilder();
  const image = graph.input("image", [1, network.inputChannels, ...sample]);
  const [logits] = runNetwork(network, openLayers(graph, weights), image, sample);
  graph.output("logits", logits as Value);
  const { inputs, outputs, ...rest } = graph.build();
  const open = ["batch", "", "depth", "height", "width"];
  return {
    ...rest,
    inputs: inputs.map((one) => ({ ...one, open })),
    outputs: outputs.map((one) => ({ ...one, open })),
  };
}

function openLayers(graph: GraphBuilder, weights: ModelState): Layers<Value> {
  const parameter = (name: string): Value => {
    const tensor = weights.get(name);
    if (tensor === undefined) throw new RangeError(`the network has no parameter ${name}`);
    return graph.tensor(name, tensor.values, tensor.shape);
  };
  const withBias = (name: string, bias: boolean) => (bias ? [parameter(`${name}.bias`)] : []);
  const other = (): never => {
    throw new RangeError("a U-Net has no such layer");
  };
  return {
    convolution(input, name, { outputs, kernelSize, stride, bias }) {
      const [batch, , ...size] = input.shape as [number, number, number, number, number];
      const padding = kernelSize.map((extent) => (extent - 1) / 2);
      const shape = size.map((extent, axis) => Math.floor((extent - 1) / (stride[axis] as number)) + 1);
      return graph.apply(
        "Conv",
        [input, parameter(`${name}.weight`), ...withBias(name, bias)],
        [batch, outputs, ...shape],
        { pads: [...padding, ...padding], strides: stride, kernel_shape: kernelSize },
      );
    },
    upsample(input, name, { outputs, stride, bias }) {
      const [batch, , ...size] = input.shape as [number, number, number, number, number];
      const shape = size.map((extent, axis) => extent * (stride[axis] as number));
      return graph.apply(
        "ConvTranspose",
        [input, parameter(`${name}.weight`), ...withBias(name, bias)],
        [batch, outputs, ...shape],
        { strides: stride, kernel_shape: stride },
      );
    },
    instanceNorm(input, name) {
      if (name === undefined) return other();
      const affine = [parameter(`${name}.weight`), parameter(`${name}.bias`)];
      return graph.apply("InstanceNormalization", [input, ...affine], input.shape, {
        epsilon: { float: NORM_EPSILON },
      });
    },
    averagePool(input, stride) {
      const [batch, channels, ...size] = input.shape as [number, number, number, number, number];
      const shape = size.map((extent, axis) => extent / (stride[axis] as number));
      return graph.apply("AveragePool", [input], [batch, channels, ...shape], {
        kernel_shape: stride,
        strides: stride,
      });
    },
    leakyRelu: (input) => graph.apply("LeakyRelu", [input], input.shape, { alpha: { float: LEAKY_SLOPE } }),
    add: (first, second) => graph.add(first, second),
    concatenate: (first, second) => graph.concatenate([first, second], 1),
    embedPatches: other,
    linear: other,
    layerNorm: other,
    addPositions: other,
    attention: other,
    gelu: other,
    pad: other,
    crop: other,
    roll: other,
    mergeBlocks: other,
  };
}
