import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { blocksToChannels, channelsToBlocks } from "./blocks.js";
import { sumOfProducts } from "./sum-of-products.js";

/**
 * Transposed convolution of (B,C,Z,Y,X) with kernels (C,O,sz,sy,sx) that are also its stride, plus a bias (O) where there is one: every voxel
 * becomes a block of its own, so all three products are matrix products over voxels.
 */
export function upsample(tape: Tape, input: Value, weight: Value, bias: Value | undefined): Value {
  const { graph } = tape;
  const [batch, inputs, ...size] = input.shape as [number, number, number, number, number];
  const [, outputs, ...stride] = weight.shape as [number, number, number, number, number];
  const block = stride as Zyx;
  const taps = outputs * elementCount(block);
  const voxels = elementCount(size);
  const flatInput = graph.reshape(input, [batch, inputs, voxels]);
  const flatWeight = graph.reshape(weight, [inputs, taps]);
  const products = graph.matmul(graph.transpose(flatWeight, [1, 0]), flatInput);
  const blocks = graph.reshape(products, [batch, taps, ...size]);
  const interleaved = channelsToBlocks(graph, blocks, block);
  const output = bias ? graph.add(interleaved, graph.reshape(bias, [1, outputs, 1, 1, 1])) : interleaved;

  return tape.record(output, (gradient) => {
    if (bias) tape.addGradient(bias, graph.reshape(graph.sum(gradient, [0, 2, 3, 4]), bias.shape));
    const arrived = graph.reshape(blocksToChannels(graph, gradient, block), [batch, taps, voxels]);
    tape.addGradient(weight, graph.reshape(sumOfProducts(graph, flatInput, arrived), weight.shape));
    tape.addGradient(input, graph.reshape(graph.matmul(flatWeight, arrived), input.shape));
  });
}
