import { DICE_SMOOTH } from "../../constants.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** Values of a loss: each a scalar of shape (). `loss` = crossEntropy - dice. */
export interface Loss {
  readonly loss: Value;
  readonly crossEntropy: Value;
  readonly dice: Value;
}

/**
 * nnU-Net's DC_and_CE_loss of logits (B,K,V) and float class indices (B,1,V), and its gradient times `weight`. Indices outside
 * 0..K-1 are ignored. Cross-entropy is the mean over the voxels that count, of the whole batch; Dice is
 * (2 I + s) / (G + P + s) for each class but the background, with sums over the voxels of a sample (`batchDice`: of the
 * batch), then the mean. nnU-Net's lower bound of the denominator, 1e-8, lies below s and never acts.
 */
export function segmentationLoss(
  tape: Tape,
  logits: Value,
  label: Value,
  { batchDice, weight: share }: { batchDice: boolean; weight: number },
): Loss {
  const { graph } = tape;
  const classes = logits.shape[1] as number;
  const diceAxes = batchDice ? [0, 2] : [2];

  const shifted = graph.subtract(logits, graph.max(logits, [1]));
  const exponentials = graph.apply("Exp", [shifted], shifted.shape);
  const total = graph.sum(exponentials, [1]);
  const probability = graph.divide(exponentials, total);
  const truth = oneHot(tape, label, classes);
  const counts = graph.sum(truth, [1]);
  const counted = graph.apply("Max", [graph.sum(counts, [0, 1, 2]), graph.scalar(1)], [1, 1, 1]);

  const trueLogit = graph.sum(graph.multiply(truth, shifted), [0, 1, 2]);
  const logTotal = graph.multiply(counts, graph.apply("Log", [total], total.shape));
  const crossEntropy = graph.divide(graph.subtract(graph.sum(logTotal, [0, 1, 2]), trueLogit), counted);

  const masked = graph.multiply(probability, counts);
  const smooth = graph.scalar(DICE_SMOOTH);
  const overlap = graph.sum(graph.multiply(truth, probability), diceAxes);
  const numerator = graph.add(graph.multiply(overlap, graph.scalar(2)), smooth);
  const denominator = graph.add(graph.add(graph.sum(truth, diceAxes), graph.sum(masked, diceAxes)), smooth);
  const perClass = graph.divide(numerator, denominator);
  const ratios = (perClass.shape[0] as number) * (classes - 1);
  const weight = graph.floats(
    Array.from({ length: classes }, (_, index) => (index === 0 ? 0 : 1 / ratios)),
    [1, classes, 1],
  );
  const dice = graph.sum(graph.multiply(perClass, weight), [0, 1, 2]);

  const toScalar = (value: Value): Value => graph.reshape(value, []);
  const loss = graph.subtract(crossEntropy, dice);
  const fromCrossEntropy = graph.divide(graph.subtract(masked, truth), counted);
  const ofTruth = graph.divide(graph.multiply(weight, graph.scalar(2)), denominator);
  const ofMask = graph.multiply(weight, graph.divide(perClass, denominator));
  const ofProbability = graph.subtract(graph.multiply(counts, ofMask), graph.multiply(truth, ofTruth));
  const inner = graph.sum(graph.multiply(probability, ofProbability), [1]);
  const fromDice = graph.multiply(probability, graph.subtract(ofProbability, inner));
  const gradient = graph.add(fromCrossEntropy, fromDice);
  tape.addGradient(logits, share === 1 ? gradient : graph.multiply(gradient, graph.scalar(share)));
  return { loss: toScalar(loss), crossEntropy: toScalar(crossEntropy), dice: toScalar(dice) };
}

/** (B,1,V) class indices to (B,K,V) zeros and ones; an index that is no class gives zeros. */
function oneHot({ graph }: Tape, label: Value, classes: number): Value {
  const [batch, , voxels] = label.shape as [number, number, number];
  const indices = graph.floats(
    Array.from({ length: classes }, (_, index) => index),
    [1, classes, 1],
  );
  const equal = graph.apply("Equal", [label, indices], [batch, classes, voxels]);
  return graph.cast(equal);
}
