import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { blocksToChannels, channelsToBlocks } from "./blocks.js";
import { linear } from "./linear.js";

/** Convolution of (B,C,Z,Y,X) with kernels (O,C,sz,sy,sx) that are also its stride, plus a bias (O): a matrix times each block. */
export function embedPatches(tape: Tape, input: Value, weight: Value, bias: Value): Value {
  const { graph } = tape;
  const [outputs, inputs, ...patch] = weight.shape as [number, number, number, number, number];
  const block = patch as Zyx;
  const blocks = blocksToChannels(graph, input, block);
  if (tape.watches(input))
    tape.record(blocks, (gradient) => tape.addGradient(input, channelsToBlocks(graph, gradient, block)));
  const matrix = tape.record(graph.reshape(weight, [outputs, inputs * elementCount(block)]), (gradient) =>
    tape.addGradient(weight, graph.reshape(gradient, weight.shape)),
  );
  return linear(tape, blocks, matrix, bias);
}
