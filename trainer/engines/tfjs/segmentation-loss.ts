import type { Scalar, Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import { DICE_SMOOTH } from "../constants.js";
import { backgroundOutputs, type TargetReading } from "../target-reading.js";
import type { Target } from "./target.js";
import type { Tfjs } from "./tfjs.js";

/** The values of a loss. `loss` = crossEntropy - dice. */
export interface Loss {
  readonly loss: Scalar;
  readonly crossEntropy: Scalar;
  readonly dice: Scalar;
}

/** nnU-Net's loss of logits (B,V,K), as `onnx/operators/segmentation-loss.ts` defines it. */
export function segmentationLoss(
  tf: Tfjs,
  logits: Tensor3D,
  { truth, counts }: Target,
  { batchDice, reading }: { readonly batchDice: boolean; readonly reading: TargetReading },
): Loss {
  const outputs = logits.shape[2];
  const isClasses = reading.kind === "classes";
  const counted = tf.maximum<Scalar>(tf.sum(counts), 1);
  const entropy = isClasses
    ? tf.neg(tf.mul(truth, logSoftmax(tf, logits)))
    : tf.mul(tf.softplus(tf.mul(tf.sub(1, tf.mul(truth, 2)), logits)), counts);
  const isSummed = isClasses || reading.ignoreLabel !== undefined;
  const crossEntropy = tf.div<Scalar>(tf.sum(entropy), isSummed ? counted : tf.mul(counted, outputs));

  const background = backgroundOutputs(reading);
  const foreground = (value: Tensor): Tensor => tf.slice(value, [0, 0, background], [-1, -1, outputs - background]);
  const axes = batchDice ? [0, 1] : [1];
  const masked = tf.mul(foreground(isClasses ? tf.softmax(logits) : tf.sigmoid(logits)), counts);
  const wanted = foreground(truth);
  const overlap = tf.sum(tf.mul(masked, wanted), axes);
  const numerator = tf.add(tf.mul(overlap, 2), DICE_SMOOTH);
  const denominator = tf.add(tf.add(tf.sum(wanted, axes), tf.sum(masked, axes)), DICE_SMOOTH);
  const dice = tf.mean<Scalar>(tf.div(numerator, denominator));
  return { loss: tf.sub(crossEntropy, dice), crossEntropy, dice };
}

function logSoftmax(tf: Tfjs, logits: Tensor3D): Tensor {
  return tf.sub(logits, tf.logSumExp(logits, 2, true));
}
