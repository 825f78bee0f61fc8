import { NORM_EPSILON } from "../../../networks/layers.js";
import type { GraphBuilder, Value } from "../graph.js";

/** `value` with mean 0 and variance 1 (epsilon 1e-5) along `axis`, and 1 / its deviation. */
export function normalise(graph: GraphBuilder, value: Value, axis: number): { normalised: Value; inverse: Value } {
  const centred = graph.subtract(value, graph.mean(value, [axis]));
  const variance = graph.mean(graph.multiply(centred, centred), [axis]);
  const deviation = graph.apply("Sqrt", [graph.add(variance, graph.scalar(NORM_EPSILON))], variance.shape);
  const inverse = graph.divide(graph.scalar(1), deviation);
  return { normalised: graph.multiply(centred, inverse), inverse };
}
