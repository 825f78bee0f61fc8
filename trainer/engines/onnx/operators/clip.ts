import { CLIP_EPSILON } from "../../constants.js";
import type { GraphBuilder, Value } from "../graph.js";

/** PyTorch's `clip_grad_norm_` of a gradient (N): scaled down to a norm of at most `most`, a scalar. */
export function clipNorm(graph: GraphBuilder, gradient: Value, most: Value): { clipped: Value; norm: Value } {
  const squares = graph.apply("ReduceSumSquare", [gradient, graph.integers([0])], [1], { keepdims: 1 });
  const norm = graph.reshape(graph.apply("Sqrt", [squares], squares.shape), []);
  const ratio = graph.divide(most, graph.add(norm, graph.scalar(CLIP_EPSILON)));
  const scale = graph.apply("Min", [ratio, graph.scalar(1)], []);
  return { clipped: graph.multiply(gradient, scale), norm };
}
