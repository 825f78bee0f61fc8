import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Store, StoredCase } from "../dataset/store.js";
import { imageLayout } from "../dataset/zarr/array-layout.js";
import type { Box, Source } from "./grid.js";

/** Reads the part of a case that a box (Z,Y,X, store voxels) touches; `start` is that part's first voxel. */
export async function readSource(
  store: Store,
  entry: StoredCase,
  { lower, size }: Box,
): Promise<{ readonly source: Source; readonly start: Zyx }> {
  const [channels, ...extent] = entry.shape;
  const clamp = (value: number, axis: 0 | 1 | 2) => Math.min(Math.max(value, 0), extent[axis]);
  const start = eachAxis((axis) => clamp(lower[axis], axis));
  const end = eachAxis((axis) => clamp(lower[axis] + size[axis], axis));
  const part = eachAxis((axis) => end[axis] - start[axis]);
  const isEmpty = part.includes(0);
  return {
    source: {
      image: {
        values: isEmpty ? new Float32Array() : await store.readImage(entry.id, { start, end }),
        shape: [channels, ...part],
      },
      label: {
        values: isEmpty ? new Int16Array() : await store.readLabel(entry.id, { start, end }),
        shape: [1, ...part],
      },
    },
    start,
  };
}

/** Voxels of the chunks that a box of `size` touches, in the mean over where it lies. */
export function voxelsReadByRegion({ shape }: StoredCase, size: Zyx): number {
  const [, ...extent] = shape;
  const sides = imageLayout(shape).chunkShape.slice(1);
  return voxelCount(eachAxis((axis) => Math.min(extent[axis], size[axis] + (sides[axis] as number) - 1)));
}

function eachAxis(value: (axis: 0 | 1 | 2) => number): Zyx {
  return [value(0), value(1), value(2)];
}
