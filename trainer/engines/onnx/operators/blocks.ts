import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { GraphBuilder, Value } from "../graph.js";

type Extents5 = readonly [number, number, number, number, number];

/** (B,C,Z sz,Y sy,X sx) to (B,C sz sy sx,Z,Y,X): the voxels of each block (sz,sy,sx) become channels. */
export function blocksToChannels(graph: GraphBuilder, value: Value, block: Zyx): Value {
  const [batch, channels, ...size] = value.shape as Extents5;
  const [z, y, x] = size.map((extent, axis) => extent / (block[axis] as number)) as [number, number, number];
  const split = graph.reshape(value, [batch, channels, z, block[0], y, block[1], x, block[2]]);
  const moved = graph.transpose(split, [0, 1, 3, 5, 7, 2, 4, 6]);
  return graph.reshape(moved, [batch, channels * elementCount(block), z, y, x]);
}

/** The inverse of `blocksToChannels`. */
export function channelsToBlocks(graph: GraphBuilder, value: Value, block: Zyx): Value {
  const [batch, channels, z, y, x] = value.shape as Extents5;
  const outputs = channels / elementCount(block);
  const split = graph.reshape(value, [batch, outputs, ...block, z, y, x]);
  const moved = graph.transpose(split, [0, 1, 5, 2, 6, 3, 7, 4]);
  return graph.reshape(moved, [batch, outputs, z * block[0], y * block[1], x * block[2]]);
}
