import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Tfjs } from "./tfjs.js";

/**
 * Voxels of (B,N,C) in another order: the i-th is the `places[i]`-th of before, each once. tfjs's own gradient of a gather looks through all of
 * it for each voxel; that of a new order is the order of before.
 */
export function reorder(tf: Tfjs, flat: Tensor3D, places: readonly number[]): Tensor3D {
  const back = new Array<number>(places.length);
  for (const [position, place] of places.entries()) back[place] = position;
  const taken = (value: Tensor, order: readonly number[]): Tensor3D =>
    tf.gather(value as Tensor3D, tf.tensor1d([...order], "int32"), 1);
  const apply = tf.customGrad((value) => ({
    value: taken(value as Tensor, places),
    gradFunc: (gradient) => taken(gradient as Tensor, back),
  }));
  return apply(flat) as Tensor3D;
}

/** Rows of `table` (T,H) by number, some more than once: (rows,H). */
export function pickRows(tf: Tfjs, table: Tensor2D, rows: readonly number[]): Tensor2D {
  const apply = tf.customGrad((value) => ({
    value: tf.gather(value as Tensor2D, tf.tensor1d([...rows], "int32"), 0),
    gradFunc: (gradient) => tf.scatterND(tf.tensor2d([...rows], [rows.length, 1], "int32"), gradient, table.shape),
  }));
  return apply(table) as Tensor2D;
}
