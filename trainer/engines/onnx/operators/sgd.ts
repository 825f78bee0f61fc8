import { CLIP_EPSILON } from "../../constants.js";
import type { GraphBuilder, Value } from "../graph.js";

/** Scalars of an update, each of shape (). */
export interface SgdSettings {
  readonly learningRate: Value;
  readonly momentum: Value;
  readonly weightDecay: Value;
  readonly gradientClip: Value;
}

/**
 * One update of PyTorch's SGD(nesterov=True) after `clip_grad_norm_`: the gradient is scaled down to a norm of at most
 * gradientClip and weight decay added, g = gradient + decay w; then v = momentum v + g and w = w - rate (g + momentum v).
 * All of shape (N): the parameters in one vector.
 */
export function sgd(
  graph: GraphBuilder,
  state: { weights: Value; momenta: Value; gradient: Value },
  { learningRate, momentum, weightDecay, gradientClip }: SgdSettings,
): { weights: Value; momenta: Value; gradientNorm: Value } {
  const { weights, momenta, gradient } = state;
  const squares = graph.sum(graph.multiply(gradient, gradient), [0]);
  const gradientNorm = graph.reshape(graph.apply("Sqrt", [squares], squares.shape), []);
  const ratio = graph.divide(gradientClip, graph.add(gradientNorm, graph.scalar(CLIP_EPSILON)));
  const scale = graph.apply("Min", [ratio, graph.scalar(1)], []);
  const decayed = graph.add(graph.multiply(gradient, scale), graph.multiply(weights, weightDecay));
  const velocity = graph.add(graph.multiply(momenta, momentum), decayed);
  const direction = graph.add(decayed, graph.multiply(velocity, momentum));
  return {
    weights: graph.subtract(weights, graph.multiply(direction, learningRate)),
    momenta: velocity,
    gradientNorm,
  };
}
