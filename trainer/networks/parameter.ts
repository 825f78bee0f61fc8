/** A tensor that training changes. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: StartValues;
}

/**
 * Values of a fresh network: zeros, ones, He's normal distribution for weights of convolutions (nnU-Net), a normal distribution of deviation 0.02
 * (MONAI's position embeddings), or all values between -`uniform` and `uniform` alike (PyTorch's default).
 */
export type StartValues = "zeros" | "ones" | "he" | "small-normal" | { readonly uniform: number };

/** Numbers in a tensor of `shape`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
