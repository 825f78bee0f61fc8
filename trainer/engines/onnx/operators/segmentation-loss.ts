import { DICE_SMOOTH } from "../../constants.js";
import { backgroundOutputs, type TargetReading } from "../../target-reading.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Target } from "./target.js";

/** Values of a loss: each a scalar of shape (). `loss` = crossEntropy - dice. */
export interface Loss {
  readonly loss: Value;
  readonly crossEntropy: Value;
  readonly dice: Value;
}

/** A loss that can be differentiated. */
export interface SegmentationLoss extends Loss {
  /** Adds the nodes of its gradient (B,K,V) of the logits. */
  gradient(): Value;
}

/** Cross-entropy (1,1,1) of logits, what they say of each voxel (B,K,V), and the gradients of the logits. */
interface Pointwise {
  readonly crossEntropy: Value;
  readonly probability: Value;
  crossEntropyGradient(): Value;
  /** From the gradient of `probability`. */
  pullBack(ofProbability: Value): Value;
}

/**
 * nnU-Net's loss of logits (B,K,V). Of classes DC_and_CE_loss: softmax, cross-entropy as the mean over the voxels that count, of the whole
 * batch, Dice of all but the background. Of regions DC_and_BCE_loss: sigmoid, binary cross-entropy, Dice of all. Dice is
 * (2 I + s) / (G + P + s), with sums over the voxels of a sample that count (`batchDice`: of the batch), then the mean. nnU-Net's
 * lower bound of the denominator, 1e-8, lies below s and never acts.
 */
export function segmentationLoss(
  graph: GraphBuilder,
  logits: Value,
  target: Target,
  { batchDice, reading }: { readonly batchDice: boolean; readonly reading: TargetReading },
): SegmentationLoss {
  const outputs = logits.shape[1] as number;
  const diceAxes = batchDice ? [0, 2] : [2];
  const { truth, counts } = target;
  const counted = graph.apply("Max", [graph.sum(counts, [0, 1, 2]), graph.scalar(1)], [1, 1, 1]);
  const pointwise =
    reading.kind === "classes"
      ? softmaxEntropy(graph, logits, target, counted)
      : binaryEntropy(graph, logits, target, meanOver(graph, counted, outputs, reading));
  const { crossEntropy, probability } = pointwise;

  const masked = graph.multiply(probability, counts);
  const smooth = graph.scalar(DICE_SMOOTH);
  const overlap = graph.sum(graph.multiply(truth, probability), diceAxes);
  const numerator = graph.add(graph.multiply(overlap, graph.scalar(2)), smooth);
  const denominator = graph.add(graph.add(graph.sum(truth, diceAxes), graph.sum(masked, diceAxes)), smooth);
  const perOutput = graph.divide(numerator, denominator);
  const background = backgroundOutputs(reading);
  const ratios = (perOutput.shape[0] as number) * (outputs - background);
  const weight = graph.floats(
    Array.from({ length: outputs }, (_, index) => (index < background ? 0 : 1 / ratios)),
    [1, outputs, 1],
  );
  const dice = graph.sum(graph.multiply(perOutput, weight), [0, 1, 2]);

  const toScalar = (value: Value): Value => graph.reshape(value, []);
  return {
    loss: toScalar(graph.subtract(crossEntropy, dice)),
    crossEntropy: toScalar(crossEntropy),
    dice: toScalar(dice),
    gradient() {
      const ofTruth = graph.divide(graph.multiply(weight, graph.scalar(2)), denominator);
      const ofMask = graph.multiply(weight, graph.divide(perOutput, denominator));
      const ofProbability = graph.subtract(graph.multiply(counts, ofMask), graph.multiply(truth, ofTruth));
      return graph.add(pointwise.crossEntropyGradient(), pointwise.pullBack(ofProbability));
    },
  };
}

/** What nnU-Net divides the binary cross-entropy by: voxels times outputs, but the voxels alone where there is an ignore label. */
function meanOver(graph: GraphBuilder, counted: Value, outputs: number, { ignoreLabel }: TargetReading): Value {
  return ignoreLabel === undefined ? graph.multiply(counted, graph.scalar(outputs)) : counted;
}

/** Mean over `counted` voxels of -log softmax at the true class. */
function softmaxEntropy(graph: GraphBuilder, logits: Value, { truth, counts }: Target, counted: Value): Pointwise {
  const shifted = graph.subtract(logits, graph.max(logits, [1]));
  const exponentials = graph.apply("Exp", [shifted], shifted.shape);
  const total = graph.sum(exponentials, [1]);
  const probability = graph.divide(exponentials, total);
  const trueLogit = graph.sum(graph.multiply(truth, shifted), [0, 1, 2]);
  const logTotal = graph.multiply(counts, graph.apply("Log", [total], total.shape));
  return {
    probability,
    crossEntropy: graph.divide(graph.subtract(graph.sum(logTotal, [0, 1, 2]), trueLogit), counted),
    crossEntropyGradient: () => graph.divide(graph.subtract(graph.multiply(probability, counts), truth), counted),
    pullBack(ofProbability) {
      const inner = graph.sum(graph.multiply(probability, ofProbability), [1]);
      return graph.multiply(probability, graph.subtract(ofProbability, inner));
    },
  };
}

/** Sum over outputs and voxels that count, divided by `divisor`, of -log of what the sigmoid gives the truth: log(1 + exp((1 - 2 t) x)). */
function binaryEntropy(graph: GraphBuilder, logits: Value, { truth, counts }: Target, divisor: Value): Pointwise {
  const probability = graph.apply("Sigmoid", [logits], logits.shape);
  const sign = graph.subtract(graph.scalar(1), graph.multiply(truth, graph.scalar(2)));
  const wrong = graph.multiply(sign, logits);
  const entropy = graph.multiply(graph.apply("Softplus", [wrong], wrong.shape), counts);
  return {
    probability,
    crossEntropy: graph.divide(graph.sum(entropy, [0, 1, 2]), divisor),
    crossEntropyGradient: () => graph.divide(graph.multiply(graph.subtract(probability, truth), counts), divisor),
    pullBack: (ofProbability) =>
      graph.multiply(graph.multiply(probability, graph.subtract(graph.scalar(1), probability)), ofProbability),
  };
}
