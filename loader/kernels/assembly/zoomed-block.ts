import { fromQuarter } from "./image-samples";
import { mirroredRow, reversed } from "./mirrored-rows";

/** Samples along X of a block, at most. */
export const ZOOMED_X: i32 = 64;

const ROW_BYTES: usize = 256;

/** Whether a grid of `warp` is not turned: its steps along Z, Y and X lead along these axes only. */
export function isZoom(gridPtr: usize): bool {
  return (
    load<f64>(gridPtr, 32) === 0 &&
    load<f64>(gridPtr, 40) === 0 &&
    load<f64>(gridPtr, 48) === 0 &&
    load<f64>(gridPtr, 64) === 0 &&
    load<f64>(gridPtr, 72) === 0 &&
    load<f64>(gridPtr, 80) === 0
  );
}

/**
 * A block of `warp` on an image (at least 2 voxels along X, one along Y and Z) where `isZoom`, with the same bits. Samples of a row and of a column have the same weights
 * there, so a row between two of the volume's is made once for each plane of the volume, and each row of the block is mixed of two of those. A
 * neighbour outside is one inside with weight 0. `spacePtr` has room for 5 rows of `ZOOMED_X` f32.
 */
export function zoomBlock(
  outPtr: usize,
  outZ: i32,
  outY: i32,
  outX: i32,
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  gridPtr: usize,
  axes: i32,
  firstZ: i32,
  firstY: i32,
  firstX: i32,
  endZ: i32,
  endY: i32,
  endX: i32,
  spacePtr: usize,
): void {
  const count = endX - firstX;
  writeTaps(spacePtr, firstX, (count + 3) & ~3, lowerX, inX, gridPtr);
  const tapsPtr = spacePtr;
  const rowBytes = (<usize>inX) << 2;
  const stepZ = load<f64>(gridPtr, 24);
  const stepY = load<f64>(gridPtr, 56);
  for (let y = firstY; y < endY; y++) {
    const atY = <f32>(load<f64>(gridPtr, 8) + <f64>y * stepY);
    const aboveY = atY - floor(atY);
    const belowY = <f32>1 - aboveY;
    const row = lowerY + <i32>floor(atY);
    const weight0 = isWithin(row, inY) ? belowY : 0;
    const weight1 = isWithin(row + 1, inY) ? aboveY : 0;
    const from0 = inPtr + <usize>held(row, inY) * rowBytes;
    const from1 = inPtr + <usize>held(row + 1, inY) * rowBytes;
    let lowPtr = spacePtr + 3 * ROW_BYTES;
    let highPtr = spacePtr + 4 * ROW_BYTES;
    let lowPlane = -1; // the planes that the two rows were made of
    let highPlane = -1;
    for (let z = firstZ; z < endZ; z++) {
      const atZ = <f32>(load<f64>(gridPtr) + <f64>z * stepZ);
      const aboveZ = atZ - floor(atZ);
      const belowZ = <f32>1 - aboveZ;
      const plane = lowerZ + <i32>floor(atZ);
      const plane0 = held(plane, inZ);
      const plane1 = held(plane + 1, inZ);
      if (plane0 === highPlane || plane1 === lowPlane) {
        const swappedPtr = lowPtr;
        lowPtr = highPtr;
        highPtr = swappedPtr;
        const swappedPlane = lowPlane;
        lowPlane = highPlane;
        highPlane = swappedPlane;
      }
      if (plane0 !== lowPlane) {
        const offset = <usize>plane0 * <usize>inY * rowBytes;
        mixRows(lowPtr, from0 + offset, from1 + offset, tapsPtr, count, weight0, weight1);
        lowPlane = plane0;
      }
      if (plane1 !== highPlane) {
        const offset = <usize>plane1 * <usize>inY * rowBytes;
        mixRows(highPtr, from0 + offset, from1 + offset, tapsPtr, count, weight0, weight1);
        highPlane = plane1;
      }
      const to = outPtr + ((mirroredRow(z, y, outZ, outY, axes) * <usize>outX) << 2);
      const isMirrored = (axes & 4) !== 0;
      mixPlanes(
        to + ((<usize>(isMirrored ? outX - endX : firstX)) << 2),
        lowPtr,
        highPtr,
        count,
        isWithin(plane, inZ) ? belowZ : 0,
        isWithin(plane + 1, inZ) ? aboveZ : 0,
        isMirrored,
      );
    }
  }
}

function isWithin(index: i32, size: i32): bool {
  return index >= 0 && index < size;
}

function held(index: i32, size: i32): i32 {
  return min(max(index, 0), size - 1);
}

/** For each sample along X: offset in bytes of a pair of voxels, then in the next two rows a quarter of the weights of both. */
function writeTaps(ptr: usize, firstX: i32, count: i32, lowerX: i32, inX: i32, gridPtr: usize): void {
  const start = <f32>load<f64>(gridPtr, 16);
  const step = <f32>load<f64>(gridPtr, 88);
  for (let i = 0; i < count; i++, ptr += 4) {
    const at = start + <f32>(firstX + i) * step;
    const above = (at - floor(at)) * 0.25;
    const below = (<f32>1 - (at - floor(at))) * 0.25;
    const x = lowerX + <i32>floor(at);
    const isBefore = x === -1; // its second voxel is the pair's first
    const isAfter = x === inX - 1;
    store<i32>(ptr, min(max(x, 0), inX - 2) << 2);
    store<f32>(ptr + ROW_BYTES, isBefore ? above : isWithin(x, inX - 1) ? below : 0);
    store<f32>(ptr + 2 * ROW_BYTES, isAfter ? below : isWithin(x, inX - 1) ? above : 0);
  }
}

/** Samples of the row between two rows of a plane. */
function mixRows(to: usize, from0: usize, from1: usize, tapsPtr: usize, count: i32, weight0: f32, weight1: f32): void {
  const end = to + ((<usize>count) << 2);
  const below = f32x4.splat(weight0);
  const above = f32x4.splat(weight1);
  for (; to < end; to += 16, tapsPtr += 16) {
    const offsets = v128.load(tapsPtr);
    const low = v128.load(tapsPtr + ROW_BYTES);
    const high = v128.load(tapsPtr + 2 * ROW_BYTES);
    const row0 = alongX(from0, offsets, low, high);
    const row1 = alongX(from1, offsets, low, high);
    v128.store(to, f32x4.add(f32x4.mul(row0, below), f32x4.mul(row1, above)));
  }
}

function alongX(from: usize, offsets: v128, low: v128, high: v128): v128 {
  const first = from + <usize>i32x4.extract_lane(offsets, 0);
  const second = from + <usize>i32x4.extract_lane(offsets, 1);
  const third = from + <usize>i32x4.extract_lane(offsets, 2);
  const fourth = from + <usize>i32x4.extract_lane(offsets, 3);
  const firstPairs = v128.load64_lane(second, v128.load64_zero(first), 1);
  const lastPairs = v128.load64_lane(fourth, v128.load64_zero(third), 1);
  const lower = v128.shuffle<f32>(firstPairs, lastPairs, 0, 2, 4, 6);
  const upper = v128.shuffle<f32>(firstPairs, lastPairs, 1, 3, 5, 7);
  return f32x4.add(f32x4.mul(lower, low), f32x4.mul(upper, high));
}

/** Writes `count` samples between two rows of quarters, mirrored or not. */
function mixPlanes(
  to: usize,
  lowPtr: usize,
  highPtr: usize,
  count: i32,
  weight0: f32,
  weight1: f32,
  isMirrored: bool,
): void {
  const below = f32x4.splat(weight0);
  const above = f32x4.splat(weight1);
  const whole = count & ~3;
  for (let x = 0; x < count; x += 4) {
    const from = (<usize>x) << 2;
    const quarter = f32x4.add(f32x4.mul(v128.load(lowPtr + from), below), f32x4.mul(v128.load(highPtr + from), above));
    const values = fromQuarter(quarter);
    if (x < whole) {
      const at = to + ((<usize>(isMirrored ? count - 4 - x : x)) << 2);
      v128.store(at, isMirrored ? reversed(values) : values);
    } else {
      const left = count - x;
      store<f32>(to + ((<usize>(isMirrored ? left - 1 : x)) << 2), f32x4.extract_lane(values, 0));
      if (left > 1) store<f32>(to + ((<usize>(isMirrored ? left - 2 : x + 1)) << 2), f32x4.extract_lane(values, 1));
      if (left > 2) store<f32>(to + ((<usize>(isMirrored ? left - 3 : x + 2)) << 2), f32x4.extract_lane(values, 2));
    }
  }
}
