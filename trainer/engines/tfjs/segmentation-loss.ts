import type { Scalar, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { DICE_SMOOTH } from "../constants.js";
import type { Tfjs } from "./tfjs.js";

/**
 * nnU-Net's DC_and_CE_loss of logits (B,V,K) and class indices (B,V), as `onnx/operators/segmentation-loss.ts` defines it.
 */
export function segmentationLoss(
  tf: Tfjs,
  logits: Tensor3D,
  label: Tensor2D,
  batchDice: boolean,
): { loss: Scalar; crossEntropy: Scalar; dice: Scalar } {
  const classes = logits.shape[2];
  const truth = tf.cast(tf.equal(tf.expandDims(label, 2), tf.range(0, classes, 1, "int32")), "float32");
  const counts = tf.sum(truth, 2, true);
  const counted = tf.maximum(tf.sum(counts), 1);
  const crossEntropy = tf.neg(tf.div(tf.sum(tf.mul(truth, logSoftmax(tf, logits))), counted));

  const foreground = (value: Tensor): Tensor => tf.slice(value, [0, 0, 1], [-1, -1, classes - 1]);
  const axes = batchDice ? [0, 1] : [1];
  const masked = tf.mul(foreground(tf.softmax(logits)), counts);
  const wanted = foreground(truth);
  const overlap = tf.sum(tf.mul(masked, wanted), axes);
  const numerator = tf.add(tf.mul(overlap, 2), DICE_SMOOTH);
  const denominator = tf.add(tf.add(tf.sum(wanted, axes), tf.sum(masked, axes)), DICE_SMOOTH);
  const dice = tf.mean<Scalar>(tf.div(numerator, denominator));
  return { loss: tf.sub(crossEntropy, dice), crossEntropy: crossEntropy as Scalar, dice };
}

function logSoftmax(tf: Tfjs, logits: Tensor3D): Tensor {
  return tf.sub(logits, tf.logSumExp(logits, 2, true));
}
