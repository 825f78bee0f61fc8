import type { Zyx } from "../../../plan/zyx.js";

/** Smallest side of the lowest level's feature maps, voxels. */
const SHORTEST_EDGE = 4;

/** A U-Net's levels, finest first: one stride and one kernel size each. */
export interface Topology {
  readonly strides: readonly Zyx[];
  readonly kernelSizes: readonly Zyx[];
  /** Poolings per axis. */
  readonly pooling: Zyx;
  /** The given patch, each axis padded up to a multiple of 2^pooling. */
  readonly patchSize: Zyx;
}

/** Where to pool and where a kernel spans an axis (nnU-Net, network_topology.py, get_pool_and_conv_props). */
export function planTopology(spacingMm: Zyx, patchSize: readonly number[]): Topology {
  const axes = [0, 1, 2] as const;
  const spacing = [...spacingMm] as [number, number, number];
  const size = [...patchSize] as [number, number, number];
  const pooling: [number, number, number] = [0, 0, 0];
  const kernel: [number, number, number] = [1, 1, 1];
  const strides: Zyx[] = [[1, 1, 1]];
  const kernelSizes: Zyx[] = [];
  for (;;) {
    const large = axes.filter((axis) => size[axis] >= 2 * SHORTEST_EDGE);
    const finest = Math.min(...large.map((axis) => spacing[axis]));
    const pooled = large.filter((axis) => spacing[axis] / finest < 2);
    const [lone] = pooled;
    if (lone === undefined || (pooled.length === 1 && size[lone] < 3 * SHORTEST_EDGE)) break;
    const finestOfAll = Math.min(...spacing);
    for (const axis of axes) if (spacing[axis] / finestOfAll < 2) kernel[axis] = 3;
    const stride: [number, number, number] = [1, 1, 1];
    for (const axis of pooled) {
      stride[axis] = 2;
      pooling[axis]++;
      spacing[axis] *= 2;
      size[axis] = Math.ceil(size[axis] / 2);
    }
    strides.push(stride);
    kernelSizes.push([...kernel]);
  }
  kernelSizes.push([3, 3, 3]);
  const padded = (axis: 0 | 1 | 2) => {
    const divisor = 2 ** pooling[axis];
    return Math.ceil((patchSize[axis] as number) / divisor) * divisor;
  };
  return { strides, kernelSizes, pooling, patchSize: [padded(0), padded(1), padded(2)] };
}
