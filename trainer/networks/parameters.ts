import type { NetworkDescription } from "./network.js";
import { patchMultiple } from "./patch-multiple.js";
import { traceNetwork } from "./trace.js";

/** A tensor that training changes. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Values of a fresh network: He-distributed weights of convolutions, zeros of biases, ones of norm scales. */
  readonly start: "he" | "zeros" | "ones";
}

/** Numbers in a tensor of `shape`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All parameters of `network`, in the order in which a forward pass meets them; they are the same for every patch. */
export function listParameters(network: NetworkDescription): Parameter[] {
  return traceNetwork(network, patchMultiple(network)).flatMap(({ parameters }) => parameters);
}
