import { imageEdge } from "./image-edge";
import { imageRow } from "./image-samples";
import { labelAtEdge, wideRow } from "./label-samples";
import { markedRow } from "./marked-samples";
import { mirroredRow } from "./mirrored-rows";
import { BOX_INSIDE, BOX_OF_ONE, BOX_OUTSIDE, readBox } from "./source-box";
import { writeOne, writeSame } from "./write-codes";
import { isZoom, ZOOMED_X, zoomBlock } from "./zoomed-block";

/** Size of the blocks that are made one after the other: what a block reads fits a core's own cache, and its rows are still long. */
const BLOCK_Z: i32 = 16;
const BLOCK_Y: i32 = 16;
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
 * It works in blocks, each of which first fetches what it will read. Of a row, the points that surely have all neighbours inside are sampled
 * without a test, those that surely have none are filled, and the few between are tested. `spacePtr` is what `zoomBlock` wants, for images only.
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
  const isEmpty = inZ === 0 || inY === 0 || inX === 0;
  const isZoomed = isFloat<Value>() && inX > 1 && isZoom(gridPtr);
  const sizeZ = isFloat<Value>() ? BLOCK_Z : LABEL_BLOCK_Z;
  const sizeY = isFloat<Value>() ? BLOCK_Y : LABEL_BLOCK_Y;
  const sizeX = isFloat<Value>() ? BLOCK_X : LABEL_BLOCK_X;
  for (let z = 0; z < outZ; z += sizeZ) {
    for (let y = 0; y < outY; y += sizeY) {
      for (let x = 0; x < outX; x += sizeX) {
        const endZ = min(outZ, z + sizeZ);
        const endY = min(outY, y + sizeY);
        const endX = min(outX, x + sizeX);
        const box = isEmpty
          ? BOX_OUTSIDE
          : readBox<Value, Out>(
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
    begin = startWithin(begin, last, startZ, stepZ, lowZ - 1, highZ, ROUNDING);
    begin = startWithin(begin, last, startY, stepY, lowY - 1, highY, ROUNDING);
    begin = startWithin(begin, last, startX, stepX, lowX - 1, highX, ROUNDING);
    stop = endWithin(begin, stop, startZ, stepZ, lowZ - 1, highZ, ROUNDING);
    stop = endWithin(begin, stop, startY, stepY, lowY - 1, highY, ROUNDING);
    stop = endWithin(begin, stop, startX, stepX, lowX - 1, highX, ROUNDING);
    fill<Out>(rowPtr, outX, axes, first, begin, 0);
    fill<Out>(rowPtr, outX, axes, stop, last, 0);
    const lastZ = isOnePlane ? highZ : highZ - 1;
    from = startWithin(begin, stop, startZ, stepZ, lowZ, lastZ, -ROUNDING);
    from = startWithin(from, stop, startY, stepY, lowY, highY - 1, -ROUNDING);
    from = startWithin(from, stop, startX, stepX, lowX, highX - 1, -ROUNDING);
    end = endWithin(from, stop, startZ, stepZ, lowZ, lastZ, -ROUNDING);
    end = endWithin(from, end, startY, stepY, lowY, highY - 1, -ROUNDING);
    end = endWithin(from, end, startX, stepX, lowX, highX - 1, -ROUNDING);
  }
  if (end - from < 4) {
    from = stop;
    end = stop;
  } else {
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
  }
  if (begin === from && end === stop) return;
  sampleEdge<Value, Out>(
    rowPtr,
    outX,
    isMirrored,
    begin,
    from,
    inPtr,
    inZ,
    inY,
    inX,
    lowerZ,
    lowerY,
    lowerX,
    startZ,
    startY,
    startX,
    stepZ,
    stepY,
    stepX,
  );
  sampleEdge<Value, Out>(
    rowPtr,
    outX,
    isMirrored,
    end,
    stop,
    inPtr,
    inZ,
    inY,
    inX,
    lowerZ,
    lowerY,
    lowerX,
    startZ,
    startY,
    startX,
    stepZ,
    stepY,
    stepX,
  );
}

/** Samples `from` to `end` of a row, any of whose neighbours may lie outside. */
function sampleEdge<Value, Out>(
  rowPtr: usize,
  outX: i32,
  isMirrored: bool,
  from: i32,
  end: i32,
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
): void {
  if (isFloat<Value>()) {
    imageEdge(
      rowPtr,
      outX,
      isMirrored,
      from,
      end,
      inPtr,
      inZ,
      inY,
      inX,
      lowerZ,
      lowerY,
      lowerX,
      startZ,
      startY,
      startX,
      stepZ,
      stepY,
      stepX,
    );
    return;
  }
  for (let x = from; x < end; x++) {
    const atZ = startZ + <f32>x * stepZ;
    const atY = startY + <f32>x * stepY;
    const atX = startX + <f32>x * stepX;
    const to = rowPtr + ((<usize>(isMirrored ? outX - 1 - x : x)) << alignof<Out>());
    writeOne<Out>(to, labelAtEdge<Value>(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX));
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
 * The first of the points `x` to `end` of a row whose coordinate, start + x step, lies from `first` to before `last`, or `end`: not after it with a
 * `margin` of `ROUNDING`, not before it with -`ROUNDING`, exactly it where the coordinate is the same all along.
 */
function startWithin(x: i32, end: i32, start: f32, step: f32, first: f32, last: f32, margin: f64): i32 {
  if (step === 0) return start >= first && start < last ? x : end;
  const bound = step > 0 ? <f64>first - margin : <f64>last + margin;
  const at = ceil((bound - <f64>start) / <f64>step);
  return at >= <f64>end ? end : max(x, <i32>max(at, <f64>x));
}

/** One past the last of them, or `x`: not before it with `ROUNDING`, not after it with -`ROUNDING`. */
function endWithin(x: i32, end: i32, start: f32, step: f32, first: f32, last: f32, margin: f64): i32 {
  if (step === 0) return start >= first && start < last ? end : x;
  const bound = step > 0 ? <f64>last + margin : <f64>first - margin;
  const at = floor((bound - <f64>start) / <f64>step) + 1;
  return at <= <f64>x ? x : min(end, <i32>min(at, <f64>end));
}
