import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { TargetReading } from "../target-reading.js";
import type { Tfjs } from "./tfjs.js";

/** What a label wants of a network's outputs, as zeros and ones. */
export interface Target {
  /** (B,V,K): 1 where a voxel belongs to an output's class or region. */
  readonly truth: Tensor3D;
  /** (B,V,1): 1 where a voxel counts. */
  readonly counts: Tensor3D;
}

/** The target of a label (B,V) of stored values, int32. */
export function readTarget(tf: Tfjs, label: Tensor2D, { kind, outputs, values }: TargetReading): Target {
  const each = oneHot(tf, label, values);
  const counts = tf.sum<Tensor3D>(each, 2, true);
  if (kind === "classes") return { truth: each, counts };
  const members = Array.from({ length: values }, (_, value) => outputs.map((of) => Number(of.includes(value))));
  const [batch, voxels] = label.shape;
  const truth = tf.matMul(tf.reshape(each, [batch * voxels, values]), tf.tensor2d(members));
  return { truth: tf.reshape(truth, [batch, voxels, outputs.length]), counts };
}

/** (B,V) indices to (B,V,`count`) zeros and ones; one that is not below `count` gives zeros. */
export function oneHot(tf: Tfjs, indices: Tensor2D, count: number): Tensor3D {
  return tf.cast<Tensor3D>(tf.equal(tf.expandDims(indices, 2), tf.range(0, count, 1, "int32")), "float32");
}
