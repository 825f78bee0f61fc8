import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { outputSizes, reachedParameters } from "../../networks/outputs.js";
import { elementCount } from "../../networks/parameter.js";
import { listParameters } from "../../networks/parameters.js";
import { runNetwork } from "../../networks/run.js";
import { lossWeights } from "../deep-supervision.js";
import { parameterCount } from "../model-state.js";
import { type OptimizerName, STATE_KINDS } from "../optimizers.js";
import { backgroundOutputs, type TargetReading, targetReading } from "../target-reading.js";
import { GraphBuilder, type Value } from "./graph.js";
import { graphLayers, unpackParameters } from "./layers.js";
import type { Graph } from "./model-proto.js";
import { adamw } from "./operators/adamw.js";
import { clipNorm } from "./operators/clip.js";
import { hardCounts } from "./operators/hard-counts.js";
import { type Loss, type SegmentationLoss, segmentationLoss } from "./operators/segmentation-loss.js";
import { sgd } from "./operators/sgd.js";
import { readTarget, type Target } from "./operators/target.js";
import type { Update } from "./operators/update.js";
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
  /** Absent: single classes, and no ignore label. */
  readonly reading?: TargetReading;
  /** Absent: sgd. */
  readonly optimizer?: OptimizerName;
}

const updates = { sgd, adamw } satisfies Record<OptimizerName, Update>;

/** The loss of one output, weighted with `share` in the whole. */
interface OutputLoss {
  readonly logits: Value;
  /** (B,K,V). */
  readonly flat: Value;
  readonly target: Target;
  readonly loss: SegmentationLoss;
  readonly share: number;
}

/**
 * The losses of a network's outputs, finest first, those alone that count, and the network's parameters. Adds the inputs `image`
 * (B,C,Z,Y,X), `label` (B,Z,Y,X) uint8, with deep supervision `label_1`, `label_2`, ... for each further output that counts, and
 * `weights` (N, all parameters one after the other).
 */
function forwardLosses(tape: Tape, network: NetworkDescription, shape: BatchShape, kind: StepKind) {
  const { graph } = tape;
  const { batchSize, patchSize } = shape;
  const { batchDice, deepSupervision, reading = targetReading(network, {}) } = kind;
  const parameters = listParameters(network);
  const shares = lossWeights(deepSupervision ? network.heads.length : 1);
  const image = graph.input("image", [batchSize, network.inputChannels, ...patchSize]);
  const sizes = outputSizes(network, patchSize).slice(0, shares.length);
  const labels = sizes.map((size, output) => graph.input(labelInput(output), [batchSize, ...size], "uint8"));
  const weights = graph.input("weights", [parameterCount(parameters)]);
  const named = unpackParameters(tape, weights, parameters);
  const outputs = runNetwork(network, graphLayers(tape, named), image, patchSize);
  const losses = labels.map((label, output): OutputLoss => {
    const logits = outputs[output] as Value;
    const voxels = voxelCount(sizes[output] as Zyx);
    const flat = graph.reshape(logits, [batchSize, network.classes, voxels]);
    const target = readTarget(graph, graph.reshape(graph.cast(label), [batchSize, 1, voxels]), reading);
    const loss = segmentationLoss(graph, flat, target, { batchDice, reading });
    return { logits, flat, target, loss, share: shares[output] as number };
  });
  return { parameters, weights, named, losses, reading };
}

/**
 * A whole training step. Inputs: those of `forwardLosses`, `state_0`, ... (N) for what the optimiser holds, and the scalars of `updateScalars`.
 * Outputs: `newWeights`, `newState_0`, ... (N) and the scalars `loss`, `crossEntropy`, `dice`, `gradientNorm`.
 */
export function stepGraph(network: NetworkDescription, shape: BatchShape, kind: StepKind): Graph {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const { optimizer = "sgd" } = kind;
  const { parameters, weights, named, losses } = forwardLosses(tape, network, shape, kind);
  const state = STATE_KINDS[optimizer].map((_, index) => graph.input(stateInput(index), weights.shape));
  for (const { logits, loss, share } of losses)
    tape.addGradient(logits, graph.reshape(times(graph, loss.gradient(), share), logits.shape));
  tape.differentiate();

  const reached = [...named.values()].slice(0, reachedParameters(network, parameters, losses.length));
  const gradients = reached.map((value) => graph.reshape(tape.gradient(value), [elementCount(value.shape)]));
  const gradient = graph.concatenate(gradients, 0);
  const { clipped, norm } = clipNorm(graph, gradient, graph.input("gradientClip", []));
  const [reachedWeights, ...otherWeights] = leading(graph, weights, elementCount(gradient.shape));
  const parts = state.map((vector) => leading(graph, vector, elementCount(gradient.shape)));
  const vectors = parts.map(([first]) => first);
  const updated = updates[optimizer](graph, { weights: reachedWeights, vectors }, clipped);
  graph.output("newWeights", joined(graph, [updated.weights, ...otherWeights]));
  for (const [index, vector] of updated.vectors.entries())
    graph.output(stateOutput(index), joined(graph, [vector, ...(parts[index] as Value[]).slice(1)]));
  for (const name of ["loss", "crossEntropy", "dice"] as const) graph.output(name, weighted(graph, losses, name));
  graph.output("gradientNorm", norm);
  return graph.build();
}

/** Name of the input with the label of the `output`-th output. */
export function labelInput(output: number): string {
  return output === 0 ? "label" : `label_${output}`;
}

/** Name of the input with the `index`-th vector of the optimiser's state. */
export function stateInput(index: number): string {
  return `state_${index}`;
}

/** Name of the output with what it is after the step. */
export function stateOutput(index: number): string {
  return `newState_${index}`;
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

function times(graph: GraphBuilder, value: Value, share: number): Value {
  return share === 1 ? value : graph.multiply(value, graph.scalar(share));
}

/** Mean of one value of the outputs' losses, with the weight of each. */
function weighted(graph: GraphBuilder, losses: readonly OutputLoss[], name: keyof Loss): Value {
  const values = losses.map(({ loss, share }) => times(graph, loss[name], share));
  return values.reduce((sum, value) => graph.add(sum, value));
}

/**
 * The forward pass and its loss. Inputs: those of `forwardLosses`. Outputs: the scalar `loss`, and of the finest output `predicted`,
 * `wanted` and `both` (B,K), voxels of each class but the background, or of each region.
 */
export function validationGraph(network: NetworkDescription, shape: BatchShape, kind: StepKind): Graph {
  const graph = new GraphBuilder();
  const { losses, reading } = forwardLosses(new Tape(graph), network, shape, kind);
  const [finest] = losses as [OutputLoss];
  graph.output("loss", weighted(graph, losses, "loss"));
  const background = backgroundOutputs(reading);
  const foreground = Array.from({ length: network.classes - background }, (_, index) => background + index);
  const voxels = hardCounts(graph, finest.flat, finest.target, reading);
  for (const name of ["predicted", "wanted", "both"] as const) {
    const kept = background === 0 ? voxels[name] : graph.gather(voxels[name], 1, foreground);
    graph.output(name, graph.reshape(kept, [shape.batchSize, foreground.length]));
  }
  return graph.build();
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
