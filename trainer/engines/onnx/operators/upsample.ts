import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameters.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/**
 * Transposed convolution of (B,C,Z,Y,X) with kernels (C,O,sz,sy,sx) that are also its stride, plus a bias (O): every voxel
 * becomes a block of its own, so all three products are matrix products over blocks.
 */
export function upsample(tape: Tape, input: Value, weight: Value, bias: Value): Value {
  const { graph } = tape;
  const [batch, inputs, ...size] = input.shape as [number, number, number, number, number];
  const [, outputs, ...stride] = weight.shape as [number, number, number, number, number];
  const shape = [batch, outputs, size[0] * stride[0], size[1] * stride[1], size[2] * stride[2]];
  const output = graph.apply("ConvTranspose", [input, weight, bias], shape, { strides: stride });
  return tape.record(output, (gradient) => {
    tape.addGradient(bias, graph.reshape(graph.sum(gradient, [0, 2, 3, 4]), bias.shape));
    const voxels = elementCount(size);
    const taps = outputs * elementCount(stride);
    const blocks = toBlocks(tape, gradient, size, stride);
    const flatInput = graph.reshape(input, [batch, inputs, voxels]);
    const products = graph.sum(graph.matmul(flatInput, graph.transpose(blocks, [0, 2, 1])), [0]);
    tape.addGradient(weight, graph.reshape(products, weight.shape));
    const inputGradient = graph.matmul(graph.reshape(weight, [inputs, taps]), blocks);
    tape.addGradient(input, graph.reshape(inputGradient, input.shape));
  });
}

/** (B,O,Z sz,Y sy,X sx) to (B, O sz sy sx, Z Y X): the voxels of each block become channels. */
function toBlocks({ graph }: Tape, value: Value, size: Zyx, stride: Zyx): Value {
  const [batch, channels] = value.shape as [number, number];
  const [z, y, x] = size;
  const [sz, sy, sx] = stride;
  const split = graph.reshape(value, [batch, channels, z, sz, y, sy, x, sx]);
  const blocks = graph.transpose(split, [0, 1, 3, 5, 7, 2, 4, 6]);
  return graph.reshape(blocks, [batch, channels * sz * sy * sx, z * y * x]);
}
