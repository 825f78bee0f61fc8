import type { Value } from "../graph.js";
import type { Update } from "./update.js";

/**
 * PyTorch's SGD(nesterov=True): with weight decay g = gradient + decay w, v = momentum v + g and w = w - rate (g + momentum v). Inputs
 * `learningRate`, `momentum`, `weightDecay`.
 */
export const sgd: Update = (graph, { weights, vectors }, gradient) => {
  const [momenta] = vectors as [Value];
  const learningRate = graph.input("learningRate", []);
  const momentum = graph.input("momentum", []);
  const weightDecay = graph.input("weightDecay", []);
  const decayed = graph.add(gradient, graph.multiply(weights, weightDecay));
  const velocity = graph.add(graph.multiply(momenta, momentum), decayed);
  const direction = graph.add(decayed, graph.multiply(velocity, momentum));
  return { weights: graph.subtract(weights, graph.multiply(direction, learningRate)), vectors: [velocity] };
};
