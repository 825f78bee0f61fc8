import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { backgroundOutputs, type TargetReading } from "../target-reading.js";
import { oneHot, type Target } from "./target.js";
import type { Tfjs } from "./tfjs.js";

/** Voxels (B,K) that logits (B,V,K) predict, that the target wants, and both, as `onnx/operators/hard-counts.ts` defines them. */
export function hardCounts(
  tf: Tfjs,
  logits: Tensor3D,
  { truth, counts }: Target,
  reading: TargetReading,
): { predicted: Tensor2D; wanted: Tensor2D; both: Tensor2D } {
  const outputs = logits.shape[2];
  const hard =
    reading.kind === "classes"
      ? oneHot(tf, tf.argMax<Tensor2D>(logits, 2), outputs)
      : tf.cast<Tensor3D>(tf.greater(tf.sigmoid(logits), 0.5), "float32");
  const predicted = tf.mul<Tensor3D>(hard, counts);
  const background = backgroundOutputs(reading);
  const voxels = (value: Tensor3D): Tensor2D => {
    const summed = tf.sum<Tensor2D>(value, 1);
    return tf.slice(summed, [0, background], [-1, outputs - background]);
  };
  return { predicted: voxels(predicted), wanted: voxels(truth), both: voxels(tf.mul(predicted, truth)) };
}
