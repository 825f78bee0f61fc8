import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { outputSizes, reachedParameters } from "../../networks/outputs.js";
import { elementCount, listParameters } from "../../networks/parameters.js";
import { runNetwork } from "../../networks/run.js";
import { lossWeights } from "../deep-supervision.js";
import { parameterCount } from "../model-state.js";
import { GraphBuilder, type Value } from "./graph.js";
import { graphLayers, unpackParameters } from "./layers.js";
import type { Graph } from "./model-proto.js";
import { type Loss, segmentationLoss } from "./operators/segmentation-loss.js";
import { sgd } from "./operators/sgd.js";
import { Tape } from "./tape.js";

/** Sizes that a graph is built for. */
export interface BatchShape {
  readonly batchSize: number;
  readonly patchSize: Zyx;
}

/** What a training step is, besides its network and sizes. */
export interface StepKind {
  /** Dice sums run over the whole batch instead of each sample. */
  readonly batchDice: boolean;
  /** Whether all of the network's outputs have a label, or the finest alone. */
  readonly deepSupervision: boolean;
}

/**
 * A whole training step. Inputs: `image` (B,C,Z,Y,X), `label` (B,Z,Y,X) uint8, with deep supervision `label_1`, `label_2`, ... for each
 * further output that the loss counts, `weights` and `momenta` (N, all parameters one after the other), and the scalars
 * `learningRate`, `momentum`, `weightDecay`, `gradientClip`. Outputs: `newWeights`, `newMomenta` (N) and the scalars `loss`,
 * `crossEntropy`, `dice`, `gradientNorm`.
 */
export function stepGraph(network: NetworkDescription, shape: BatchShape, kind: StepKind): Graph {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const { batchSize, patchSize } = shape;
  const parameters = listParameters(network);
  const shares = lossWeights(kind.deepSupervision ? network.heads.length : 1);
  const count = parameterCount(parameters);
  const image = graph.input("image", [batchSize, network.inputChannels, ...patchSize]);
  const sizes = outputSizes(network, patchSize).slice(0, shares.length);
  const labels = sizes.map((size, output) => graph.input(labelInput(output), [batchSize, ...size], "uint8"));
  const weights = graph.input("weights", [count]);
  const momenta = graph.input("momenta", [count]);
  const settings = {
    learningRate: graph.input("learningRate", []),
    momentum: graph.input("momentum", []),
    weightDecay: graph.input("weightDecay", []),
    gradientClip: graph.input("gradientClip", []),
  };

  const named = unpackParameters(tape, weights, parameters);
  const outputs = runNetwork(network, graphLayers(tape, named), image, patchSize);
  const losses = labels.map((label, output) => {
    const logits = outputs[output] as Value;
    const voxels = voxelCount(sizes[output] as Zyx);
    const flatLogits = tape.record(graph.reshape(logits, [batchSize, network.classes, voxels]), (gradient) =>
      tape.addGradient(logits, graph.reshape(gradient, logits.shape)),
    );
    const flatLabel = graph.reshape(graph.cast(label), [batchSize, 1, voxels]);
    const { batchDice } = kind;
    return segmentationLoss(tape, flatLogits, flatLabel, { batchDice, weight: shares[output] as number });
  });
  tape.differentiate();

  const reached = [...named.values()].slice(0, reachedParameters(network, parameters, shares.length));
  const gradients = reached.map((value) => graph.reshape(tape.gradient(value), [elementCount(value.shape)]));
  const gradient = graph.concatenate(gradients, 0);
  const [oldWeights, ...otherWeights] = leading(graph, weights, elementCount(gradient.shape));
  const [oldMomenta, ...otherMomenta] = leading(graph, momenta, elementCount(gradient.shape));
  const updated = sgd(graph, { weights: oldWeights, momenta: oldMomenta, gradient }, settings);
  graph.output("newWeights", joined(graph, [updated.weights, ...otherWeights]));
  graph.output("newMomenta", joined(graph, [updated.momenta, ...otherMomenta]));
  for (const name of ["loss", "crossEntropy", "dice"] as const)
    graph.output(name, weighted(graph, losses, shares, name));
  graph.output("gradientNorm", updated.gradientNorm);
  return graph.build();
}

/** Name of the input with the label of the `output`-th output. */
export function labelInput(output: number): string {
  return output === 0 ? "label" : `label_${output}`;
}

/** The first `count` elements of a vector, and the others where there are any. */
function leading(graph: GraphBuilder, vector: Value, count: number): [Value, ...Value[]] {
  const others = elementCount(vector.shape) - count;
  return others === 0 ? [vector] : (graph.split(vector, 0, [count, others]) as [Value, Value]);
}

function joined(graph: GraphBuilder, vectors: readonly Value[]): Value {
  const [only] = vectors;
  return vectors.length === 1 && only ? only : graph.concatenate(vectors, 0);
}

/** Mean of one value of the outputs' losses, with the weight of each. */
function weighted(graph: GraphBuilder, losses: readonly Loss[], shares: readonly number[], name: keyof Loss): Value {
  const values = losses.map((loss, output) => {
    const share = shares[output] as number;
    return share === 1 ? loss[name] : graph.multiply(loss[name], graph.scalar(share));
  });
  return values.reduce((sum, value) => graph.add(sum, value));
}

/** The forward pass alone. Inputs: `image` (B,C,Z,Y,X) and `weights` (N). Output: `logits` (B,K,Z,Y,X) of the finest head. */
export function predictionGraph(network: NetworkDescription, { batchSize, patchSize }: BatchShape): Graph {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const parameters = listParameters(network);
  const image = graph.input("image", [batchSize, network.inputChannels, ...patchSize]);
  const weights = graph.input("weights", [parameterCount(parameters)]);
  const named = unpackParameters(tape, weights, parameters);
  const [logits] = runNetwork(network, graphLayers(tape, named), image, patchSize);
  graph.output("logits", logits as Value);
  return graph.build();
}
