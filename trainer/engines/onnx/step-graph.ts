import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { elementCount, listParameters } from "../../networks/parameters.js";
import { runNetwork } from "../../networks/run.js";
import { GraphBuilder } from "./graph.js";
import { graphLayers, unpackParameters } from "./layers.js";
import type { Graph } from "./model-proto.js";
import { segmentationLoss } from "./operators/segmentation-loss.js";
import { sgd } from "./operators/sgd.js";
import { Tape } from "./tape.js";

/** Sizes that a graph is built for. */
export interface BatchShape {
  readonly batchSize: number;
  readonly patchSize: Zyx;
}

/**
 * A whole training step. Inputs: `image` (B,C,Z,Y,X), `label` (B,Z,Y,X) uint8, `weights` and `momenta` (N, all parameters
 * one after the other), and the scalars `learningRate`, `momentum`, `weightDecay`, `gradientClip`. Outputs: `newWeights`,
 * `newMomenta` (N) and the scalars `loss`, `crossEntropy`, `dice`, `gradientNorm`.
 */
export function stepGraph(network: NetworkDescription, shape: BatchShape, batchDice: boolean): Graph {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const { batchSize, patchSize } = shape;
  const parameters = listParameters(network);
  const count = parameters.reduce((total, parameter) => total + elementCount(parameter.shape), 0);
  const image = graph.input("image", [batchSize, network.inputChannels, ...patchSize]);
  const label = graph.input("label", [batchSize, ...patchSize], "uint8");
  const weights = graph.input("weights", [count]);
  const momenta = graph.input("momenta", [count]);
  const settings = {
    learningRate: graph.input("learningRate", []),
    momentum: graph.input("momentum", []),
    weightDecay: graph.input("weightDecay", []),
    gradientClip: graph.input("gradientClip", []),
  };

  const named = unpackParameters(tape, weights, parameters);
  const logits = runNetwork(network, graphLayers(tape, named), image);
  const voxels = voxelCount(patchSize);
  const flatLogits = tape.record(graph.reshape(logits, [batchSize, network.classes, voxels]), (gradient) =>
    tape.addGradient(logits, graph.reshape(gradient, logits.shape)),
  );
  const flatLabel = graph.reshape(graph.cast(label), [batchSize, 1, voxels]);
  const loss = segmentationLoss(tape, flatLogits, flatLabel, batchDice);

  const gradients = [...named.values()].map((value) =>
    graph.reshape(tape.gradient(value), [elementCount(value.shape)]),
  );
  const updated = sgd(graph, { weights, momenta, gradient: graph.concatenate(gradients, 0) }, settings);
  graph.output("newWeights", updated.weights);
  graph.output("newMomenta", updated.momenta);
  graph.output("loss", loss.loss);
  graph.output("crossEntropy", loss.crossEntropy);
  graph.output("dice", loss.dice);
  graph.output("gradientNorm", updated.gradientNorm);
  return graph.build();
}

/** The forward pass alone. Inputs: `image` (B,C,Z,Y,X) and `weights` (N). Output: `logits` (B,K,Z,Y,X). */
export function predictionGraph(network: NetworkDescription, { batchSize, patchSize }: BatchShape): Graph {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const parameters = listParameters(network);
  const count = parameters.reduce((total, parameter) => total + elementCount(parameter.shape), 0);
  const image = graph.input("image", [batchSize, network.inputChannels, ...patchSize]);
  const weights = graph.input("weights", [count]);
  const named = unpackParameters(tape, weights, parameters);
  graph.output("logits", runNetwork(network, graphLayers(tape, named), image));
  return graph.build();
}
