import { ADAM } from "../../optimizers.js";
import type { Value } from "../graph.js";
import type { Update } from "./update.js";

/**
 * PyTorch's AdamW, in the order of its operations: m = m + (1 - beta1) (g - m), v = beta2 v + (1 - beta2) g^2,
 * w = keptShare w - stepSize m / (sqrt(v) / rootCorrection + epsilon). Inputs `keptShare`, `stepSize`, `rootCorrection`: those of
 * `updateScalars`.
 */
export const adamw: Update = (graph, { weights, vectors }, gradient) => {
  const [mean, square] = vectors as [Value, Value];
  const { meanDecay, squareDecay, epsilon } = ADAM;
  const keptShare = graph.input("keptShare", []);
  const stepSize = graph.input("stepSize", []);
  const rootCorrection = graph.input("rootCorrection", []);
  const step = graph.multiply(graph.subtract(gradient, mean), graph.scalar(1 - meanDecay));
  const newMean = graph.add(mean, step);
  const squared = graph.multiply(graph.multiply(gradient, gradient), graph.scalar(1 - squareDecay));
  const newSquare = graph.add(graph.multiply(square, graph.scalar(squareDecay)), squared);
  const root = graph.apply("Sqrt", [newSquare], newSquare.shape);
  const deviation = graph.add(graph.divide(root, rootCorrection), graph.scalar(epsilon));
  const moved = graph.multiply(graph.divide(newMean, deviation), stepSize);
  return { weights: graph.subtract(graph.multiply(weights, keptShare), moved), vectors: [newMean, newSquare] };
};
