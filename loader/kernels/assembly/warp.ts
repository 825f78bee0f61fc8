import { imageAtEdge, imageRow } from "./image-samples";
import { labelAtEdge, labelRow } from "./label-samples";
import { readBox } from "./source-box";

/** Size of the blocks that are made one after the other: what a block reads fits a core's own cache, and its rows are still long. */
const BLOCK_Z: i32 = 16;
const BLOCK_Y: i32 = 32;
const BLOCK_X: i32 = 64;

/** Size of a label's blocks: smaller ones more often have one value everywhere, and are then filled with it. */
const LABEL_BLOCK_Z: i32 = 8;
const LABEL_BLOCK_Y: i32 = 16;
const LABEL_BLOCK_X: i32 = 64;

/**
 * Samples of a volume (Z,Y,X; an image of f32, or a label of i16 or i8, which gives one of i16) on a regular grid: output voxel (z,y,x) lies at
 * lower + start + z stepZ + y stepY + x stepX, all of them (Z,Y,X) in voxels of the volume; start and steps are 12 f64 at
 * `gridPtr`. The first point of a row is summed in f64, the rest is f32; the whole numbers of `lower` are added last, so that
 * a part of a volume gives the bits of the whole. Any sizes, not in place.
 *
 * It works in blocks, each of which first fetches what it will read. Rounding keeps the order of points, so the points of a row
 * with all neighbours inside are neighbours themselves: they are sampled four at a time without a test. The points with any
 * neighbour inside are neighbours too, and the points before and after them are filled.
 */
export function warp<Value>(
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
): void {
  const inShift = alignof<Value>();
  const outShift = isFloat<Value>() ? alignof<f32>() : alignof<i16>();
  const stepZ = <f32>load<f64>(gridPtr, 72);
  const stepY = <f32>load<f64>(gridPtr, 80);
  const stepX = <f32>load<f64>(gridPtr, 88);
  const firstZ = <f32>-lowerZ;
  const firstY = <f32>-lowerY;
  const firstX = <f32>-lowerX;
  const lastY = <f32>(inY - 1 - lowerY);
  const lastX = <f32>(inX - 1 - lowerX);
  const lowerPtr = inPtr + ((<usize>((lowerZ * inY + lowerY) * inX + lowerX)) << inShift); // may lie outside, its offsets lead back
  const sizeZ = isFloat<Value>() ? BLOCK_Z : LABEL_BLOCK_Z;
  const sizeY = isFloat<Value>() ? BLOCK_Y : LABEL_BLOCK_Y;
  const sizeX = isFloat<Value>() ? BLOCK_X : LABEL_BLOCK_X;
  for (let blockZ = 0; blockZ < outZ; blockZ += sizeZ) {
    for (let blockY = 0; blockY < outY; blockY += sizeY) {
      for (let blockX = 0; blockX < outX; blockX += sizeX) {
        const endZ = min(outZ, blockZ + sizeZ);
        const endY = min(outY, blockY + sizeY);
        const endX = min(outX, blockX + sizeX);
        const samePtr = readBox<Value>(
          inPtr,
          inZ,
          inY,
          inX,
          lowerZ,
          lowerY,
          lowerX,
          gridPtr,
          blockZ,
          blockY,
          blockX,
          endZ - blockZ,
          endY - blockY,
          endX - blockX,
        );
        if (samePtr !== 0) {
          const value = <i16>load<Value>(samePtr);
          for (let z = blockZ; z < endZ; z++) {
            for (let y = blockY; y < endY; y++) {
              fillRow(outPtr + ((<usize>((z * outY + y) * outX + blockX)) << 1), endX - blockX, value);
            }
          }
          continue;
        }
        for (let z = blockZ; z < endZ; z++) {
          for (let y = blockY; y < endY; y++) {
            const rowPtr = outPtr + ((<usize>((z * outY + y) * outX)) << outShift);
            const startZ = rowStart(gridPtr, z, y);
            const startY = rowStart(gridPtr + 8, z, y);
            const startX = rowStart(gridPtr + 16, z, y);
            const isOnePlane = stepZ === 0 && startZ === floor(startZ); // the plane above has weight 0
            const lastZ = <f32>((isOnePlane ? inZ : inZ - 1) - lowerZ);
            const endPlane = <f32>(inZ - lowerZ);
            const begin = firstBetween(
              blockX,
              endX,
              startZ,
              startY,
              startX,
              stepZ,
              stepY,
              stepX,
              firstZ - 1,
              firstY - 1,
              firstX - 1,
              endPlane,
              lastY + 1,
              lastX + 1,
            );
            const stop = endBetween(
              begin,
              endX,
              startZ,
              startY,
              startX,
              stepZ,
              stepY,
              stepX,
              firstZ - 1,
              firstY - 1,
              firstX - 1,
              endPlane,
              lastY + 1,
              lastX + 1,
            );
            fillOutside<Value>(rowPtr, blockX, begin);
            fillOutside<Value>(rowPtr, stop, endX);
            const from = firstBetween(
              begin,
              stop,
              startZ,
              startY,
              startX,
              stepZ,
              stepY,
              stepX,
              firstZ,
              firstY,
              firstX,
              lastZ,
              lastY,
              lastX,
            );
            let end = endBetween(
              from,
              stop,
              startZ,
              startY,
              startX,
              stepZ,
              stepY,
              stepX,
              firstZ,
              firstY,
              firstX,
              lastZ,
              lastY,
              lastX,
            );
            if (end - from >= 4) {
              if (isFloat<Value>())
                imageRow(
                  rowPtr,
                  from,
                  end,
                  lowerPtr,
                  inY,
                  inX,
                  isOnePlane,
                  startZ,
                  startY,
                  startX,
                  stepZ,
                  stepY,
                  stepX,
                );
              else
                labelRow<Value>(
                  rowPtr,
                  from,
                  end,
                  lowerPtr,
                  inY,
                  inX,
                  isOnePlane,
                  startZ,
                  startY,
                  startX,
                  stepZ,
                  stepY,
                  stepX,
                );
            } else {
              end = from;
            }
            for (let x = begin; x < stop; x++) {
              if (x === from) x = end;
              if (x === stop) break;
              const atZ = startZ + <f32>x * stepZ;
              const atY = startY + <f32>x * stepY;
              const atX = startX + <f32>x * stepX;
              const to = rowPtr + ((<usize>x) << outShift);
              if (isFloat<Value>())
                store<f32>(to, imageAtEdge(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX));
              else store<i16>(to, labelAtEdge<Value>(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX));
            }
          }
        }
      }
    }
  }
}

/** 0 in an image, -1 in a label. */
function fillOutside<Value>(rowPtr: usize, from: i32, end: i32): void {
  const shift = isFloat<Value>() ? alignof<f32>() : alignof<i16>();
  if (from < end)
    memory.fill(rowPtr + ((<usize>from) << shift), isFloat<Value>() ? 0 : 0xff, (<usize>(end - from)) << shift);
}

function fillRow(rowPtr: usize, count: i32, value: i16): void {
  const end = rowPtr + ((<usize>count) << 1);
  for (; rowPtr + 16 <= end; rowPtr += 16) v128.store(rowPtr, i16x8.splat(value));
  for (; rowPtr < end; rowPtr += 2) store<i16>(rowPtr, value);
}

/**
 * One coordinate of the first point of row (z, y) of a grid: start + z stepZ + y stepY, in f64. `gridPtr` points at that
 * coordinate of the grid's start; the same coordinate of the steps along Z, Y and X follows at 24, 48 and 72 bytes.
 */
function rowStart(gridPtr: usize, z: i32, y: i32): f32 {
  return <f32>(load<f64>(gridPtr) + <f64>z * load<f64>(gridPtr, 24) + <f64>y * load<f64>(gridPtr, 48));
}

/** The first of the points `x` to `end` of a row that lies from (firstZ, firstY, firstX) to before (lastZ, lastY, lastX), or `end`. */
// @ts-expect-error: AssemblyScript's decorator
function firstBetween(
  x: i32,
  end: i32,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
  firstZ: f32,
  firstY: f32,
  firstX: f32,
  lastZ: f32,
  lastY: f32,
  lastX: f32,
): i32 {
  for (; x < end; x++) {
    const at = <f32>x;
    if (
      isBetween(startZ + at * stepZ, firstZ, lastZ) &&
      isBetween(startY + at * stepY, firstY, lastY) &&
      isBetween(startX + at * stepX, firstX, lastX)
    )
      break;
  }
  return x;
}

/** One past the last of those points, or `x`. */
// @ts-expect-error: AssemblyScript's decorator
function endBetween(
  x: i32,
  end: i32,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
  firstZ: f32,
  firstY: f32,
  firstX: f32,
  lastZ: f32,
  lastY: f32,
  lastX: f32,
): i32 {
  for (; end > x; end--) {
    const at = <f32>(end - 1);
    if (
      isBetween(startZ + at * stepZ, firstZ, lastZ) &&
      isBetween(startY + at * stepY, firstY, lastY) &&
      isBetween(startX + at * stepX, firstX, lastX)
    )
      break;
  }
  return end;
}

function isBetween(coordinate: f32, first: f32, last: f32): bool {
  return coordinate >= first && coordinate < last;
}
