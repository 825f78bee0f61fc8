import { PatchstreamError } from "../../../plan/errors.js";
import type { Zyx } from "../../../plan/zyx.js";
import { type Channels, cropTo } from "../volume.js";

export interface Cropped extends Channels {
  /** The kept box in voxels of the uncropped grid: `start` inside, `end` outside. */
  readonly start: Zyx;
  readonly end: Zyx;
}

/**
 * Crops to the box of voxels where any channel is not zero, holes filled; background (label 0) outside of that mask becomes
 * -1 (nnU-Net, preprocessing/cropping/cropping.py, crop_to_nonzero). Undefined when every voxel is zero.
 */
export function cropToNonzero({ shape, channels, label }: Channels): Cropped | undefined {
  const mask = nonzeroMask(shape, channels);
  const box = boundingBox(shape, mask);
  if (box === undefined) return undefined;
  const [start, end] = box;
  const masked = label.map((value, i) => (value === 0 && mask[i] === 0 ? -1 : value));
  const cropped = channels.map((values) => cropTo({ shape, values }, start, end).values);
  const { values, shape: size } = cropTo({ shape, values: masked }, start, end);
  return { shape: size, channels: cropped, label: values, start, end };
}

/** What is said of an image of which nothing is left by that. */
export function everyVoxelZero(file: string): PatchstreamError {
  const facts = { file, reason: "every voxel is 0", want: "an image with content" };
  return new PatchstreamError({ code: "INPUT_DAMAGED", ...facts });
}

/**
 * 1 where any channel is not zero or where that region encloses the voxel (SciPy's binary_fill_holes: 6-connected),
 * else 0.
 */
function nonzeroMask(shape: Zyx, channels: readonly Float32Array[]): Uint8Array {
  const count = shape[0] * shape[1] * shape[2];
  const mask = new Uint8Array(count);
  for (const values of channels) {
    for (let i = 0; i < count; i++) if (values[i] !== 0) mask[i] = 1;
  }
  const outside = reachableFromBorder(shape, mask);
  for (let i = 0; i < count; i++) mask[i] = outside[i] === 1 ? 0 : 1;
  return mask;
}

/** 1 at the voxels of value 0 that a path of face-sharing voxels of value 0 joins to the border. */
function reachableFromBorder(shape: Zyx, mask: Uint8Array): Uint8Array {
  const [depth, height, width] = shape;
  const slice = height * width;
  const reached = new Uint8Array(mask.length);
  const pending = new Uint32Array(mask.reduce((zeros, value) => zeros + (value === 0 ? 1 : 0), 0));
  let count = 0;
  const visit = (voxel: number) => {
    if (mask[voxel] !== 0 || reached[voxel] !== 0) return;
    reached[voxel] = 1;
    pending[count++] = voxel;
  };
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = z * slice + y * width;
      const whole = z === 0 || z === depth - 1 || y === 0 || y === height - 1;
      for (let x = 0; x < width; x += whole ? 1 : Math.max(1, width - 1)) visit(row + x);
    }
  }
  while (count > 0) {
    const voxel = pending[--count] as number;
    const inSlice = voxel % slice;
    const x = inSlice % width;
    if (voxel >= slice) visit(voxel - slice);
    if (voxel + slice < mask.length) visit(voxel + slice);
    if (inSlice >= width) visit(voxel - width);
    if (inSlice + width < slice) visit(voxel + width);
    if (x > 0) visit(voxel - 1);
    if (x < width - 1) visit(voxel + 1);
  }
  return reached;
}

function boundingBox(shape: Zyx, mask: Uint8Array): readonly [start: Zyx, end: Zyx] | undefined {
  let [zMin, yMin, xMin] = shape;
  let [zMax, yMax, xMax] = [-1, -1, -1];
  let at = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        if (mask[at++] === 0) continue;
        zMin = Math.min(zMin, z);
        zMax = z;
        yMin = Math.min(yMin, y);
        yMax = Math.max(yMax, y);
        xMin = Math.min(xMin, x);
        xMax = Math.max(xMax, x);
      }
    }
  }
  if (zMax < 0) return undefined;
  return [
    [zMin, yMin, xMin],
    [zMax + 1, yMax + 1, xMax + 1],
  ];
}
