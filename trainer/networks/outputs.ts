import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";
import type { Parameter } from "./parameter.js";

/** Sizes (Z,Y,X, voxels) of the outputs of `network` for a patch, finest first. */
export function outputSizes(network: NetworkDescription, patchSize: Zyx): Zyx[] {
  if (network.kind === "unetr" || network.kind === "swin-unetr") return [patchSize];
  return network.heads.map((level) => {
    const passed = network.strides.slice(0, level + 1);
    const along = (axis: 0 | 1 | 2) => passed.reduce((size, stride) => size / stride[axis], patchSize[axis]);
    return [along(0), along(1), along(2)];
  });
}

/**
 * How many of `parameters`, counted from the first, a loss of the first `outputs` outputs reaches. The others are heads, which come
 * last; PyTorch's optimisers leave a parameter without a gradient as it is, decay included.
 */
export function reachedParameters(
  network: NetworkDescription,
  parameters: readonly Parameter[],
  outputs: number,
): number {
  const perHead = 2; // weight and bias
  return parameters.length - perHead * (network.heads.length - outputs);
}
