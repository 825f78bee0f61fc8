import { coarseAxis } from "../../../plan/anisotropy.js";
import type { Zyx } from "../../../plan/zyx.js";
import { newLike, type Volume } from "../volume.js";
import { newToOldPosition, resampleCubicAxis } from "./cubic-spline.js";
import { range } from "./normalize.js";
import { resampleLabelsLinear } from "./resample-labels.js";

/** A change of grid: sizes in voxels (Z,Y,X) and spacings in mm. */
export interface Regridding {
  readonly newShape: Zyx;
  readonly spacingMm: Zyx;
  readonly newSpacingMm: Zyx;
}

/**
 * nnU-Net's resampling of an image (default_resampling.py, resample_data_or_seg, order 3, order_z 0): cubic spline, result
 * clipped to the input's range; with one coarse axis, slice by slice in plane and nearest along that axis.
 */
export function resampleImage(volume: Volume<Float32Array>, grid: Regridding): Volume<Float32Array> {
  if (sameShape(volume.shape, grid.newShape)) return volume;
  const apart = coarseAxis(grid.spacingMm, grid.newSpacingMm);
  let result = volume;
  for (const axis of [0, 1, 2] as const) {
    if (axis !== apart) result = resampleCubicAxis(result, axis, grid.newShape[axis]);
  }
  if (result === volume) result = { shape: volume.shape, values: volume.values.slice() };
  clipToRange(result, volume, apart);
  return apart === undefined ? result : resampleNearestAxis(result, apart, grid.newShape[apart]);
}

/** nnU-Net's resampling of labels (order 1 a label, nearest along a coarse axis). */
export function resampleLabels(volume: Volume<Int16Array>, grid: Regridding): Volume<Int16Array> {
  if (sameShape(volume.shape, grid.newShape)) return volume;
  const apart = coarseAxis(grid.spacingMm, grid.newSpacingMm);
  if (apart === undefined) return resampleLabelsLinear(volume, grid.newShape);
  const [z, y, x] = grid.newShape.map((size, axis) => (axis === apart ? volume.shape[axis] : size));
  const inPlane = resampleLabelsLinear(volume, [z as number, y as number, x as number]);
  return resampleNearestAxis(inPlane, apart, grid.newShape[apart]);
}

function sameShape(a: Zyx, b: Zyx): boolean {
  return a.every((size, axis) => size === b[axis]);
}

/**
 * Clips to the source's range, in place; slice by slice where one axis is apart, as each slice is then resized on its
 * own.
 */
function clipToRange(result: Volume<Float32Array>, source: Volume<Float32Array>, apart: 0 | 1 | 2 | undefined): void {
  const slices = apart === undefined ? 1 : source.shape[apart];
  for (let slice = 0; slice < slices; slice++) {
    const [low, high] = apart === undefined ? range(source.values) : sliceRange(source, apart, slice);
    forEachInSlice(result.shape, apart, slice, (i) => {
      result.values[i] = Math.min(Math.max(result.values[i] as number, low), high);
    });
  }
}

function sliceRange(volume: Volume<Float32Array>, axis: 0 | 1 | 2, slice: number): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  forEachInSlice(volume.shape, axis, slice, (i) => {
    low = Math.min(low, volume.values[i] as number);
    high = Math.max(high, volume.values[i] as number);
  });
  return [low, high];
}

/**
 * Calls `visit` with the position of each voxel whose coordinate on `axis` is `slice`; of every voxel without an axis.
 */
function forEachInSlice(shape: Zyx, axis: 0 | 1 | 2 | undefined, slice: number, visit: (i: number) => void): void {
  const [zFrom, zTo] = axis === 0 ? [slice, slice + 1] : [0, shape[0]];
  const [yFrom, yTo] = axis === 1 ? [slice, slice + 1] : [0, shape[1]];
  const [xFrom, xTo] = axis === 2 ? [slice, slice + 1] : [0, shape[2]];
  for (let z = zFrom; z < zTo; z++) {
    for (let y = yFrom; y < yTo; y++) {
      const row = (z * shape[1] + y) * shape[2];
      for (let x = xFrom; x < xTo; x++) visit(row + x);
    }
  }
}

/** Nearest neighbour along one axis (SciPy's map_coordinates of order 0: halves go up). */
function resampleNearestAxis<Values extends Float32Array | Int16Array>(
  volume: Volume<Values>,
  axis: 0 | 1 | 2,
  size: number,
): Volume<Values> {
  const { shape, values } = volume;
  const length = shape[axis];
  if (length === size) return volume;
  const target: Zyx = [axis === 0 ? size : shape[0], axis === 1 ? size : shape[1], axis === 2 ? size : shape[2]];
  const inner = axis === 0 ? shape[1] * shape[2] : axis === 1 ? shape[2] : 1;
  const outer = values.length / (length * inner);
  const result = newLike(values, outer * size * inner);
  for (let k = 0; k < size; k++) {
    const position = Math.min(Math.max(newToOldPosition(k, length, size), 0), length - 1);
    const nearest = Math.floor(position + 0.5);
    for (let block = 0; block < outer; block++) {
      const from = (block * length + nearest) * inner;
      result.set(values.subarray(from, from + inner) as never, (block * size + k) * inner);
    }
  }
  return { shape: target, values: result };
}
