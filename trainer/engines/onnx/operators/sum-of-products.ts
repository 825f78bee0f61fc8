import type { GraphBuilder, Value } from "../graph.js";

/**
 * (M,N): the products of (B,M,V) and (B,N,V) transposed, summed over the samples. One product over all voxels, since a sum of products of
 * each sample would write B matrices as large as the weights.
 */
export function sumOfProducts(graph: GraphBuilder, first: Value, second: Value): Value {
  const joined = (value: Value): Value => {
    const [batch, rows, voxels] = value.shape as [number, number, number];
    const together = batch === 1 ? value : graph.transpose(value, [1, 0, 2]);
    return graph.reshape(together, [rows, batch * voxels]);
  };
  return graph.matmul(joined(first), graph.transpose(joined(second), [1, 0]));
}
