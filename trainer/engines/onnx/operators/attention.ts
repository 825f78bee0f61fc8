import type { Zyx } from "../../../../plan/zyx.js";
import type { AttentionShape, AttentionWindows } from "../../../networks/layers.js";
import { elementCount } from "../../../networks/parameter.js";
import { offsetKeys } from "../../../networks/swin-unetr/network.js";
import { MASKED_SCORE } from "../../constants.js";
import { windowRegions } from "../../window-regions.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Tape } from "../tape.js";

type Extents5 = readonly [number, number, number, number, number];

/** (B,heads d,Z,Y,X) to (B windows,heads,tokens,d), the windows and the tokens in C order. */
function toWindows(graph: GraphBuilder, value: Value, heads: number, window: Zyx): Value {
  const [batch, channels, ...size] = value.shape as Extents5;
  const depth = channels / heads;
  const [z, y, x] = size.map((extent, axis) => extent / (window[axis] as number)) as [number, number, number];
  const split = graph.reshape(value, [batch, heads, depth, z, window[0], y, window[1], x, window[2]]);
  const moved = graph.transpose(split, [0, 3, 5, 7, 1, 4, 6, 8, 2]);
  return graph.reshape(moved, [batch * z * y * x, heads, elementCount(window), depth]);
}

/** The inverse of `toWindows`, to a volume of `shape`. */
function fromWindows(graph: GraphBuilder, value: Value, shape: Extents5, window: Zyx): Value {
  const [, heads, , depth] = value.shape as [number, number, number, number];
  const [batch, , ...size] = shape;
  const [z, y, x] = size.map((extent, axis) => extent / (window[axis] as number)) as [number, number, number];
  const split = graph.reshape(value, [batch, z, y, x, heads, ...window, depth]);
  return graph.reshape(graph.transpose(split, [0, 4, 8, 1, 5, 2, 6, 3, 7]), shape);
}

const turned = (graph: GraphBuilder, value: Value): Value => graph.transpose(value, [0, 1, 3, 2]);

/**
 * Softmax attention (Swin and vision transformers) of queries, keys and values (B,3 heads d,Z,Y,X), within windows where there are any; `table`
 * (offsets,heads) is added to their scores.
 */
export function attention(
  tape: Tape,
  input: Value,
  { heads, windows }: AttentionShape,
  table: Value | undefined,
): Value {
  const { graph } = tape;
  const [batch, inputs, ...size] = input.shape as Extents5;
  const channels = inputs / 3;
  const shape = [batch, channels, ...size] as const;
  const window = windows?.window ?? (size as unknown as Zyx);
  const parts = graph.split(input, 1, [channels, channels, channels]);
  const [query, key, value] = parts.map((part) => toWindows(graph, part, heads, window)) as [Value, Value, Value];
  const scale = graph.scalar((channels / heads) ** -0.5);
  const scaled = graph.multiply(query, scale);
  const products = graph.matmul(scaled, turned(graph, key));
  const offsets = table && windows ? tableRows(graph, table, windows) : undefined;
  const biased = offsets ? graph.add(products, offsets.bias) : products;
  const scores = windows ? withMask(graph, biased, size as unknown as Zyx, windows) : biased;
  const weights = graph.apply("Softmax", [scores], scores.shape, { axis: 3 });
  const attended = graph.matmul(weights, value);

  return tape.record(fromWindows(graph, attended, shape, window), (gradient) => {
    const arrived = toWindows(graph, gradient, heads, window);
    const ofValue = graph.matmul(turned(graph, weights), arrived);
    const ofWeights = graph.matmul(arrived, turned(graph, value));
    const mean = graph.sum(graph.multiply(ofWeights, weights), [3]);
    const ofScores = graph.multiply(weights, graph.subtract(ofWeights, mean));
    if (table && offsets) tape.addGradient(table, offsets.pullBack(graph.sum(ofScores, [0])));
    const ofQuery = graph.multiply(graph.matmul(ofScores, key), scale);
    const ofKey = graph.matmul(turned(graph, ofScores), scaled);
    const gradients = [ofQuery, ofKey, ofValue].map((one) => fromWindows(graph, one, shape, window));
    tape.addGradient(input, graph.concatenate(gradients, 1));
  });
}

/** Scores (B windows,heads,n,n) with `MASKED_SCORE` between tokens that rolling brought together. */
function withMask(graph: GraphBuilder, scores: Value, size: Zyx, { window, shift }: AttentionWindows): Value {
  const regions = windowRegions(size, window, shift);
  if (regions === undefined) return scores;
  const [all, heads, tokens] = scores.shape as [number, number, number];
  const count = regions.length / tokens;
  const from = graph.floats(regions, [count, tokens, 1]);
  const to = graph.floats(regions, [count, 1, tokens]);
  const equal = graph.cast(graph.apply("Equal", [from, to], [count, tokens, tokens]));
  const mask = graph.multiply(graph.subtract(graph.scalar(1), equal), graph.scalar(MASKED_SCORE));
  const byWindow = graph.reshape(scores, [all / count, count, heads, tokens, tokens]);
  const masked = graph.add(byWindow, graph.reshape(mask, [1, count, 1, tokens, tokens]));
  return graph.reshape(masked, scores.shape);
}

/** The row of `table` (offsets,heads) for each pair of tokens, as (1,heads,n,n); and how a gradient of that becomes one of the table. */
function tableRows(graph: GraphBuilder, table: Value, { window, offsets }: AttentionWindows) {
  const { keys, shift } = offsetKeys(offsets.window);
  const own = keys.slice(0, elementCount(window));
  const tokens = own.length;
  const heads = table.shape[1] as number;
  const from = graph.reshape(graph.integers(own.map((key) => key + shift)), [tokens, 1]);
  const to = graph.reshape(graph.integers(own), [1, tokens]);
  const rows = graph.reshape(graph.subtract(from, to), [tokens * tokens]);
  const picked = graph.apply("Gather", [table, rows], [tokens * tokens, heads], { axis: 0 });
  const bias = graph.reshape(graph.transpose(picked, [1, 0]), [1, heads, tokens, tokens]);
  const pullBack = (gradient: Value): Value => {
    const updates = graph.transpose(graph.reshape(gradient, [heads, tokens * tokens]), [1, 0]);
    const places = graph.expand(graph.reshape(rows, [tokens * tokens, 1]), [tokens * tokens, heads]);
    const zeros = graph.multiply(table, graph.scalar(0));
    return graph.apply("ScatterElements", [zeros, places, updates], table.shape, {
      axis: 0,
      reduction: { text: "add" },
    });
  };
  return { bias, pullBack };
}
