import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { ROOM_VALUES } from "../../kernels/kernels.js";

/** Most taps of a blur. */
export const MOST_TAPS = 1023;

/** Memory for making a patch, one channel at a time; every view is of one WebAssembly memory. */
export interface Scratch {
  /** Two images and two labels, each as large as the larger of the box that is cut and the patch. */
  readonly images: readonly [Float32Array, Float32Array];
  readonly labels: readonly [Int16Array, Int16Array];
  /** What kernels need beside voxels. */
  readonly tables: Tables;
}

export interface Tables {
  readonly grid: Float64Array;
  readonly moments: Float64Array;
  readonly blurTaps: Float32Array;
  readonly axisTaps: readonly [z: Int32Array, y: Int32Array, x: Int32Array];
  readonly row: Float32Array;
}

/** Size (Z,Y,X) of the box that is cut, and of the patch that is made of it. */
export interface PatchSizes {
  readonly cropSize: Zyx;
  readonly patchSize: Zyx;
}

/** Whether what is cut is resampled to another size. */
export function isResampled({ cropSize, patchSize }: PatchSizes): boolean {
  return cropSize.some((extent, axis) => extent !== patchSize[axis]);
}

/** Bytes of scratch that patches of these sizes need. */
export function scratchBytes(sizes: PatchSizes): number {
  return layout(sizes).byteLength;
}

/** The scratch for patches of these sizes at byte `offset` of `buffer`; a multiple of 8. */
export function scratchAt(buffer: ArrayBufferLike, offset: number, sizes: PatchSizes): Scratch {
  const at = layout(sizes);
  const image = (start: number) => new Float32Array(buffer, offset + start, at.voxels);
  const label = (start: number) => new Int16Array(buffer, offset + start, at.voxels);
  const taps = (axis: 0 | 1 | 2) => new Int32Array(buffer, offset + at.axisTaps[axis], 4 * sizes.patchSize[axis]);
  return {
    images: [image(at.images[0]), image(at.images[1])],
    labels: [label(at.labels[0]), label(at.labels[1])],
    tables: {
      grid: new Float64Array(buffer, offset + at.grid, 12),
      moments: new Float64Array(buffer, offset + at.moments, 4),
      blurTaps: new Float32Array(buffer, offset + at.blurTaps, MOST_TAPS),
      axisTaps: [taps(0), taps(1), taps(2)],
      row: new Float32Array(buffer, offset + at.row, at.rowValues),
    },
  };
}

function layout({ cropSize, patchSize }: PatchSizes) {
  const voxels = Math.max(voxelCount(cropSize), voxelCount(patchSize));
  const rowValues = Math.max(...patchSize) + MOST_TAPS + ROOM_VALUES;
  let byteLength = 0;
  const take = (bytes: number) => {
    const start = byteLength;
    byteLength += 64 * Math.ceil((bytes + 4 * ROOM_VALUES) / 64);
    return start;
  };
  return {
    voxels,
    rowValues,
    images: [take(4 * voxels), take(4 * voxels)],
    labels: [take(2 * voxels), take(2 * voxels)],
    grid: take(96),
    moments: take(32),
    blurTaps: take(4 * MOST_TAPS),
    axisTaps: [take(16 * patchSize[0]), take(16 * patchSize[1]), take(16 * patchSize[2])],
    row: take(4 * rowValues),
    byteLength,
  } as const;
}
