import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { blocksToChannels, channelsToBlocks } from "./blocks.js";

const ORIGIN: Zyx = [0, 0, 0];
const ONE: Zyx = [1, 1, 1];
const none = (extents: readonly number[]): boolean => extents.every((extent) => extent === 0);
const sizeOf = ({ shape }: Value): Zyx => shape.slice(2) as unknown as Zyx;

/** Zeros after the last voxel of each axis of (B,C,Z,Y,X). */
export function pad(tape: Tape, input: Value, after: Zyx): Value {
  if (none(after)) return input;
  const { graph } = tape;
  return tape.record(graph.pad(input, [0, 0, 0, 0, 0], [0, 0, ...after]), (gradient) =>
    tape.addGradient(input, graph.window(gradient, ORIGIN, sizeOf(input), ONE)),
  );
}

/** The first `size` voxels of (B,C,Z,Y,X). */
export function crop(tape: Tape, input: Value, size: Zyx): Value {
  const { graph } = tape;
  const left = sizeOf(input).map((extent, axis) => extent - (size[axis] as number));
  if (none(left)) return input;
  return tape.record(graph.window(input, ORIGIN, size, ONE), (gradient) =>
    tape.addGradient(input, graph.pad(gradient, [0, 0, 0, 0, 0], [0, 0, ...left])),
  );
}

function rolled(graph: GraphBuilder, input: Value, by: Zyx): Value {
  return ([0, 1, 2] as const).reduce((value, axis) => {
    const size = sizeOf(value);
    const extent = size[axis];
    const start = ((by[axis] % extent) + extent) % extent;
    if (start === 0) return value;
    const parts = graph.split(value, axis + 2, [start, extent - start]);
    return graph.concatenate(parts.toReversed(), axis + 2);
  }, input);
}

/** Voxel v of the output is voxel v + `by` of (B,C,Z,Y,X), counted on from the other end. */
export function roll(tape: Tape, input: Value, by: Zyx): Value {
  if (none(by)) return input;
  const { graph } = tape;
  const back: Zyx = [-by[0], -by[1], -by[2]];
  return tape.record(rolled(graph, input, by), (gradient) => tape.addGradient(input, rolled(graph, gradient, back)));
}

/** The voxels of each block of (B,C,Z,Y,X) become channels: those of the block's first voxel in `order`, then of the next. */
export function mergeBlocks(tape: Tape, input: Value, block: Zyx, order: readonly number[]): Value {
  const { graph } = tape;
  const [batch, channels] = input.shape as [number, number];
  const taps = elementCount(block);
  const blocks = blocksToChannels(graph, input, block);
  const size = sizeOf(blocks);
  const byTap = graph.transpose(graph.reshape(blocks, [batch, channels, taps, ...size]), [0, 2, 1, 3, 4, 5]);
  const ordered = graph.gather(byTap, 1, order);
  const places = order.map((_, tap) => order.indexOf(tap));
  return tape.record(graph.reshape(ordered, blocks.shape), (gradient) => {
    const arrived = graph.gather(graph.reshape(gradient, [batch, taps, channels, ...size]), 1, places);
    const byChannel = graph.reshape(graph.transpose(arrived, [0, 2, 1, 3, 4, 5]), blocks.shape);
    tape.addGradient(input, channelsToBlocks(graph, byChannel, block));
  });
}
