/** A tensor of a PyTorch module. */
export interface StateTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}
