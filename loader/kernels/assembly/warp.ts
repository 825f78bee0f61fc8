import { imageAtEdge, imageRow } from "./image-samples";
import { labelAtEdge, wideRow } from "./label-samples";
import { markedRow } from "./marked-samples";
import { mirroredRow } from "./mirrored-rows";
import { BOX_INSIDE, BOX_OF_ONE, BOX_OUTSIDE, readBox } from "./source-box";
import { writeOne, writeSame } from "./write-codes";
import { isZoom, ZOOMED_X, zoomBlock } from "./zoomed-block";

/** Size of the blocks that are made one after the other: what a block reads fits a core's own cache, and its rows are still long. */
const BLOCK_Z: i32 = 16;
const BLOCK_Y: i32 = 32;
const BLOCK_X: i32 = ZOOMED_X;

/** More than rounding moves a coordinate: they are below 2^17, and f32 holds them to 2^-8. */
const ROUNDING: f64 = 0.125;

/** Size of a label's blocks: smaller ones more often have one value everywhere, and are then filled with it. */
const LABEL_BLOCK_Z: i32 = 8;
const LABEL_BLOCK_Y: i32 = 16;
const LABEL_BLOCK_X: i32 = 64;

/**
 * Samples of a volume (Z,Y,X; an image of f32, a label of i16, or a marked label, u8) on a regular grid, written as `Out`: an image
 * as f32, a label as i16, a marked one also as u8 with -1 made 0. Output voxel (z,y,x) lies at lower + start + z stepZ + y stepY + x stepX, all of them
 * (Z,Y,X) in voxels of the volume; start and steps are 12 f64 at `gridPtr`. It is written where mirroring the flagged axes (1: Z, 2: Y, 4: X) takes it. The
 * first point of a row is summed in f64, the rest is f32; the whole numbers of `lower` are added last, so that
 * a part of a volume gives the bits of the whole. Any sizes, not in place.
 *
 * It works in blocks, each of which first fetches what it will read. Rounding keeps the order of points, so the points of a row
 * with all neighbours inside are neighbours themselves: they are sampled four at a time without a test. The points with any
 * neighbour inside are neighbours too, and the points before and after them are filled. `spacePtr` is what `zoomBlock` wants, for images only.
 */
export function warp<Value, Out>(
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
  spacePtr: usize,
): void {
  const isZoomed = isFloat<Value>() && inZ > 0 && inY > 0 && inX > 1 && isZoom(gridPtr);
  const sizeZ = isFloat<Value>() ? BLOCK_Z : LABEL_BLOCK_Z;
  const sizeY = isFloat<Value>() ? BLOCK_Y : LABEL_BLOCK_Y;
  const sizeX = isFloat<Value>() ? BLOCK_X : LABEL_BLOCK_X;
  for (let z = 0; z < outZ; z += sizeZ) {
    for (let y = 0; y < outY; y += sizeY) {
      for (let x = 0; x < outX; x += sizeX) {
        const endZ = min(outZ, z + sizeZ);
        const endY = min(outY, y + sizeY);
        const endX = min(outX, x + sizeX);
        const box = readBox<Value>(
          inPtr,
          inZ,
          inY,
          inX,
          lowerZ,
          lowerY,
          lowerX,
          gridPtr,
          z,
          y,
          x,
          endZ - z,
          endY - y,
          endX - x,
        );
        if (isZoomed && box !== BOX_OUTSIDE) {
          zoomBlock(
            outPtr,
            outZ,
            outY,
            outX,
            inPtr,
            inZ,
            inY,
            inX,
            lowerZ,
            lowerY,
            lowerX,
            gridPtr,
            axes,
            z,
            y,
            x,
            endZ,
            endY,
            endX,
            spacePtr,
          );
          continue;
        }
        for (let blockZ = z; blockZ < endZ; blockZ++) {
          for (let blockY = y; blockY < endY; blockY++) {
            const row = mirroredRow(blockZ, blockY, outZ, outY, axes) * <usize>outX;
            const rowPtr = outPtr + (row << alignof<Out>());
            if (box === BOX_OUTSIDE) fill<Out>(rowPtr, outX, axes, x, endX, 0);
            else if (box >= BOX_OF_ONE) fill<Out>(rowPtr, outX, axes, x, endX, box - BOX_OF_ONE);
            else
              warpRow<Value, Out>(
                rowPtr,
                outX,
                axes,
                x,
                endX,
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
                box === BOX_INSIDE,
              );
          }
        }
      }
    }
  }
}

/** Samples `first` to `last` of row (z, y). Where `isInside`, all their neighbours are known to lie inside. */
function warpRow<Value, Out>(
  rowPtr: usize,
  outX: i32,
  axes: i32,
  first: i32,
  last: i32,
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
  isInside: bool,
): void {
  const isMirrored = (axes & 4) !== 0;
  const startZ = rowStart(gridPtr, z, y);
  const startY = rowStart(gridPtr + 8, z, y);
  const startX = rowStart(gridPtr + 16, z, y);
  const stepZ = <f32>load<f64>(gridPtr, 72);
  const stepY = <f32>load<f64>(gridPtr, 80);
  const stepX = <f32>load<f64>(gridPtr, 88);
  const isOnePlane = stepZ === 0 && startZ === floor(startZ); // the plane above has weight 0
  let begin = first;
  let stop = last;
  let from = first;
  let end = last;
  if (!isInside) {
    const lowZ = <f32>-lowerZ;
    const lowY = <f32>-lowerY;
    const lowX = <f32>-lowerX;
    const highZ = <f32>(inZ - lowerZ);
    const highY = <f32>(inY - lowerY);
    const highX = <f32>(inX - lowerX);
    begin = firstBetween(
      first,
      last,
      startZ,
      startY,
      startX,
      stepZ,
      stepY,
      stepX,
      lowZ - 1,
      lowY - 1,
      lowX - 1,
      highZ,
      highY,
      highX,
    );
    stop = endBetween(
      begin,
      last,
      startZ,
      startY,
      startX,
      stepZ,
      stepY,
      stepX,
      lowZ - 1,
      lowY - 1,
      lowX - 1,
      highZ,
      highY,
      highX,
    );
    fill<Out>(rowPtr, outX, axes, first, begin, 0);
    fill<Out>(rowPtr, outX, axes, stop, last, 0);
    const lastZ = isOnePlane ? highZ : highZ - 1;
    from = firstBetween(
      begin,
      stop,
      startZ,
      startY,
      startX,
      stepZ,
      stepY,
      stepX,
      lowZ,
      lowY,
      lowX,
      lastZ,
      highY - 1,
      highX - 1,
    );
    end = endBetween(
      from,
      stop,
      startZ,
      startY,
      startX,
      stepZ,
      stepY,
      stepX,
      lowZ,
      lowY,
      lowX,
      lastZ,
      highY - 1,
      highX - 1,
    );
  }
  if (end - from >= 4) {
    const lowerPtr = inPtr + ((<usize>((lowerZ * inY + lowerY) * inX + lowerX)) << alignof<Value>()); // may lie outside, its offsets lead back
    if (isFloat<Value>())
      imageRow(
        rowPtr,
        outX,
        isMirrored,
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
    else if (sizeof<Value>() === 1)
      markedRow<Out>(
        rowPtr,
        outX,
        isMirrored,
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
      wideRow(
        rowPtr,
        outX,
        isMirrored,
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
    const to = rowPtr + ((<usize>(isMirrored ? outX - 1 - x : x)) << alignof<Out>());
    if (isFloat<Value>()) store<f32>(to, imageAtEdge(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX));
    else writeOne<Out>(to, labelAtEdge<Value>(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX));
  }
}

/** Makes samples `from` to `end` of a row 0 in an image, of a label's `code` in a label. */
function fill<Out>(rowPtr: usize, outX: i32, axes: i32, from: i32, end: i32, code: i32): void {
  if (from >= end) return;
  const to = rowPtr + ((<usize>(axes & 4 ? outX - end : from)) << alignof<Out>());
  if (isFloat<Out>()) memory.fill(to, 0, (<usize>(end - from)) << alignof<Out>());
  else writeSame<Out>(to, code, end - from);
}

/**
 * One coordinate of the first point of row (z, y) of a grid: start + z stepZ + y stepY, in f64. `gridPtr` points at that
 * coordinate of the grid's start; the same coordinate of the steps along Z, Y and X follows at 24, 48 and 72 bytes.
 */
function rowStart(gridPtr: usize, z: i32, y: i32): f32 {
  return <f32>(load<f64>(gridPtr) + <f64>z * load<f64>(gridPtr, 24) + <f64>y * load<f64>(gridPtr, 48));
}

/**
 * Not more than the first of the points `x` to `end` of a row whose coordinate is at least `first` (rising) or below `last` (falling): a
 * rounded coordinate is off by less than `ROUNDING`.
 */
function notAfterFirst(x: i32, end: i32, start: f32, step: f32, first: f32, last: f32): i32 {
  if (step === 0) return x;
  const bound = step > 0 ? <f64>first - ROUNDING : <f64>last + ROUNDING;
  const at = (bound - <f64>start) / <f64>step;
  return at >= <f64>end ? end : max(x, <i32>max(at, <f64>x));
}

/** Not less than one past the last of them. */
function notBeforeEnd(x: i32, end: i32, start: f32, step: f32, first: f32, last: f32): i32 {
  if (step === 0) return end;
  const bound = step > 0 ? <f64>last + ROUNDING : <f64>first - ROUNDING;
  const at = (bound - <f64>start) / <f64>step;
  return at <= <f64>x ? x : min(end, <i32>min(at, <f64>end) + 1);
}

/** The first of the points `x` to `end` of a row that lies from (firstZ, firstY, firstX) to before (lastZ, lastY, lastX), or `end`. */
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
  x = notAfterFirst(x, end, startZ, stepZ, firstZ, lastZ);
  x = notAfterFirst(x, end, startY, stepY, firstY, lastY);
  x = notAfterFirst(x, end, startX, stepX, firstX, lastX);
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
  end = notBeforeEnd(x, end, startZ, stepZ, firstZ, lastZ);
  end = notBeforeEnd(x, end, startY, stepY, firstY, lastY);
  end = notBeforeEnd(x, end, startX, stepX, firstX, lastX);
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
