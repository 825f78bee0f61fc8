import { onlyCode } from "./marked-label";

/** Bytes of a cache line. */
export const LINE_BYTES: usize = 64;

/** What a block of a grid samples: no voxel of the volume, some at its border or beyond, voxels inside only, or one value only. */
export const BOX_OUTSIDE: i32 = 0;
export const BOX_AT_BORDER: i32 = 1;
export const BOX_INSIDE: i32 = 2;
/** Plus the code (value + 1) of that one value. */
export const BOX_OF_ONE: i32 = 3;

/**
 * Says what a block of a grid samples, and reads one value of each cache line of it. The lines then come from memory at the same
 * time; samples alone would wait for one after the other. The block begins at output voxel (z, y, x); the grid is that of
 * `warp`, and so are the kinds of volumes and of what is written. (Where rounding takes a sample past a box of one value, the voxels there have almost no weight.)
 */
export function readBox<Value, Out>(
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  gridPtr: usize,
  z: i32,
  y: i32,
  x: i32,
  countZ: i32,
  countY: i32,
  countX: i32,
): i32 {
  const startZ = lowerZ + least(gridPtr, z, y, x, countZ, countY, countX);
  const endZ = lowerZ + most(gridPtr, z, y, x, countZ, countY, countX);
  const startY = lowerY + least(gridPtr + 8, z, y, x, countZ, countY, countX);
  const endY = lowerY + most(gridPtr + 8, z, y, x, countZ, countY, countX);
  const startX = lowerX + least(gridPtr + 16, z, y, x, countZ, countY, countX);
  const endX = lowerX + most(gridPtr + 16, z, y, x, countZ, countY, countX);
  // a voxel more on each side, since points are rounded
  if (startZ > inZ || startY > inY || startX > inX || endZ < 0 || endY < 0 || endX < 0) return BOX_OUTSIDE;
  const isInside = startZ >= 0 && startY >= 0 && startX >= 0 && endZ <= inZ && endY <= inY && endX <= inX;
  const isWellInside = startZ > 0 && startY > 0 && startX > 0 && endZ < inZ && endY < inY && endX < inX;
  const firstZ = max(0, startZ);
  const lastZ = min(inZ, endZ);
  const firstY = max(0, startY);
  const lastY = min(inY, endY);
  const firstX = max(0, startX);
  const lastX = min(inX, endX);
  if (firstZ >= lastZ || firstY >= lastY || firstX >= lastX) return BOX_AT_BORDER;
  if (sizeof<Value>() === 1) {
    const code = onlyCode(inPtr, inZ, inY, inX, firstZ, firstY, firstX, lastZ, lastY, lastX);
    // as u8, outside (code 0) and background (code 1) are the same
    if (code >= 0 && (isInside || (sizeof<Out>() === 1 && code <= 1))) return BOX_OF_ONE + code;
  }
  const shift = alignof<Value>();
  const bytes = (<usize>(lastX - firstX)) << shift;
  let isSame = sizeof<Value>() === 2 && isInside && bytes >= 16;
  let firstPtr: usize = 0;
  for (let boxZ = firstZ; boxZ < lastZ; boxZ++) {
    for (let boxY = firstY; boxY < lastY; boxY++) {
      const row = inPtr + ((<usize>((boxZ * inY + boxY) * inX + firstX)) << shift);
      if (isSame) {
        if (firstPtr === 0) firstPtr = row;
        isSame = hasOnly(row, bytes, v128.load16_splat(firstPtr));
      } else {
        for (let at = row; at < row + bytes; at += LINE_BYTES) load<u8>(at);
        load<u8>(row + bytes - 1);
      }
    }
  }
  if (isSame && firstPtr !== 0) return BOX_OF_ONE + <i32>load<i16>(firstPtr) + 1;
  return isWellInside ? BOX_INSIDE : BOX_AT_BORDER;
}

/** Whether all of at least 16 bytes are those of `values`. */
function hasOnly(ptr: usize, bytes: usize, values: v128): bool {
  const last = ptr + bytes - 16;
  let different = v128.xor(v128.load(last), values);
  do {
    different = v128.or(different, v128.xor(v128.load(ptr), values));
    ptr += 16;
  } while (ptr < last);
  return !v128.any_true(different);
}

/** The smallest coordinate of a block's points, rounded down. */
function least(gridPtr: usize, z: i32, y: i32, x: i32, countZ: i32, countY: i32, countX: i32): i32 {
  const start = pointAt(gridPtr, z, y, x);
  const alongZ = min(0, <f64>(countZ - 1) * load<f64>(gridPtr, 24));
  const alongY = min(0, <f64>(countY - 1) * load<f64>(gridPtr, 48));
  const alongX = min(0, <f64>(countX - 1) * load<f64>(gridPtr, 72));
  return <i32>floor(start + alongZ + alongY + alongX);
}

/** Two past the largest coordinate of a block's points, rounded down. */
function most(gridPtr: usize, z: i32, y: i32, x: i32, countZ: i32, countY: i32, countX: i32): i32 {
  const start = pointAt(gridPtr, z, y, x);
  const alongZ = max(0, <f64>(countZ - 1) * load<f64>(gridPtr, 24));
  const alongY = max(0, <f64>(countY - 1) * load<f64>(gridPtr, 48));
  const alongX = max(0, <f64>(countX - 1) * load<f64>(gridPtr, 72));
  return <i32>floor(start + alongZ + alongY + alongX) + 2;
}

function pointAt(gridPtr: usize, z: i32, y: i32, x: i32): f64 {
  const planes = <f64>z * load<f64>(gridPtr, 24) + <f64>y * load<f64>(gridPtr, 48);
  return load<f64>(gridPtr) + planes + <f64>x * load<f64>(gridPtr, 72);
}
