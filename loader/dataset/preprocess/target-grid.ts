import { coarseAxis } from "../../../plan/anisotropy.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { roundHalfToEven } from "../../../plan/round-half-to-even.js";
import type { Zyx } from "../../../plan/zyx.js";
import { MOST_ALONG_AXIS, voxelCount } from "../../../plan/zyx.js";
import type { Regridding } from "./resample.js";

/** Values of a stored image, channels times voxels: 4 GiB of float32, an arena of the data server. */
const MOST_VALUES = 2 ** 30;

const FLOAT_BYTES = 4;
/** Of the four weights and the place of each new voxel along an axis. */
const TAP_BYTES = 36;

/** A grid to resample to, and what it takes. */
export interface TargetGrid extends Regridding {
  /** Bytes of the resampled image and of what is held on the way to it, beside the image before. */
  readonly resamplingBytes: number;
}

/** Size after resampling (nnU-Net, compute_new_shape): old spacing / new spacing x size, halves to even. */
export function resampledShape(shape: Zyx, spacingMm: Zyx, newSpacingMm: Zyx): Zyx {
  const size = (axis: 0 | 1 | 2) => roundHalfToEven((spacingMm[axis] / newSpacingMm[axis]) * shape[axis]);
  return [size(0), size(1), size(2)];
}

/**
 * The grid that an image of `channels` times `shape` (Z,Y,X) gets at `newSpacingMm`. Nothing is allocated: a header with a wrong spacing may
 * promise more than any machine has. Throws INPUT_DAMAGED naming `file` where nothing is left of the image, or too much would be made of it.
 */
export function targetGrid(
  file: string,
  { channels, shape, spacingMm }: { readonly channels: number; readonly shape: Zyx; readonly spacingMm: Zyx },
  newSpacingMm: Zyx,
): TargetGrid {
  const grid = { newShape: resampledShape(shape, spacingMm, newSpacingMm), spacingMm, newSpacingMm };
  const reason = (what: string) =>
    `its ${shape.join("x")} voxels of ${spacingMm.join("x")} mm are ${what} at the spacing of ${newSpacingMm.join("x")} mm`;
  if (grid.newShape.some((size) => size === 0))
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: reason("none"), want: "an image with content" });
  const sizes = sizesOnTheWay(shape, grid);
  const most = Math.max(channels * voxelCount(grid.newShape), ...sizes.map(voxelCount));
  if (!(most <= MOST_VALUES)) {
    const want = `of a spacing with which it has at most ${MOST_VALUES} values there`;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: reason(`${most} values`), want });
  }
  const longest = Math.max(...shape, ...grid.newShape);
  if (longest > MOST_ALONG_AXIS) {
    const want = `of at most ${MOST_ALONG_AXIS} voxels along an axis`;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: reason(grid.newShape.join("x")), want });
  }
  return { ...grid, resamplingBytes: bytesOf(channels, grid, sizes) };
}

/** Sizes that one channel has after each axis that changes, in the order in which `resampleImage` takes them. */
function sizesOnTheWay(shape: Zyx, { newShape, spacingMm, newSpacingMm }: Regridding): Zyx[] {
  const apart = coarseAxis(spacingMm, newSpacingMm);
  const order = ([0, 1, 2] as const).toSorted((a, b) => Number(a === apart) - Number(b === apart));
  const size: [number, number, number] = [...shape];
  return order
    .filter((axis) => shape[axis] !== newShape[axis])
    .map((axis) => {
      size[axis] = newShape[axis];
      return [...size];
    });
}

/** All channels as they are in the end; of the one in work its values before and after an axis, and the weights of that axis. */
function bytesOf(channels: number, { newShape }: Regridding, sizes: readonly Zyx[]): number {
  const voxels = sizes.map(voxelCount);
  const inWork = voxels.map((after, i) => after + (voxels[i - 1] ?? 0));
  const values = channels * voxelCount(newShape) + Math.max(0, ...inWork);
  return FLOAT_BYTES * values + TAP_BYTES * Math.max(...newShape);
}
