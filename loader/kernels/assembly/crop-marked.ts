import { onlyCode } from "./marked-label";
import { mirroredRow } from "./mirrored-rows";
import { readCodes, readCodesReversed, readCodesU8, readCodesU8Reversed } from "./read-codes";
import { touchRows } from "./touch-rows";
import { writeSame } from "./write-codes";

/** Voxels of rows that are looked at brick by brick along Z and Y: for shorter ones that takes longer than reading them, so a box is looked at as a whole. */
const LONG_ROW: i32 = 64;

/**
 * `cropBox` of a marked label, as i16, or as u8 with -1 made 0. Where all bricks that some rows cross have the same one value, the
 * rows are filled with it, unread.
 */
export function cropMarked<Out>(
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
  axes: i32,
): void {
  const startZ = max(0, -lowerZ);
  const startY = max(0, -lowerY);
  const startX = max(0, -lowerX);
  const endZ = min(outZ, inZ - lowerZ);
  const endY = min(outY, inY - lowerY);
  const endX = min(outX, inX - lowerX);
  const rowBytes = (<usize>outX) << alignof<Out>();
  if (startX > 0 || endX < outX || startY > 0 || endY < outY || startZ > 0 || endZ < outZ)
    memory.fill(outPtr, sizeof<Out>() === 1 ? 0 : 0xff, <usize>outZ * <usize>outY * rowBytes);
  if (startX >= endX || startY >= endY) return;
  const isMirrored = (axes & 4) !== 0;
  const toX = outPtr + ((<usize>(isMirrored ? outX - endX : startX)) << alignof<Out>());
  const toRow = axes & 2 ? <usize>0 - rowBytes : rowBytes;
  const count = <usize>(endX - startX);
  const fromRow = <usize>inX;
  const fromPlane = <usize>inY * fromRow;
  const isByBricks = endX - startX >= LONG_ROW;
  let stopZ = 0;
  for (let z = startZ; z < endZ; z = stopZ) {
    stopZ = isByBricks ? min(endZ, afterBrick(lowerZ + z) - lowerZ) : endZ;
    let stopY = 0;
    for (let y = startY; y < endY; y = stopY) {
      stopY = isByBricks ? min(endY, afterBrick(lowerY + y) - lowerY) : endY;
      const code = onlyCode(
        inPtr,
        inZ,
        inY,
        inX,
        lowerZ + z,
        lowerY + y,
        lowerX + startX,
        lowerZ + stopZ,
        lowerY + stopY,
        lowerX + endX,
      );
      let plane = inPtr + <usize>(lowerZ + z) * fromPlane + <usize>(lowerY + y) * fromRow + <usize>(lowerX + startX);
      if (code < 0) touchRows(plane, stopZ - z, stopY - y, fromPlane, fromRow, count);
      for (let rowZ = z; rowZ < stopZ; rowZ++, plane += fromPlane) {
        let to = toX + mirroredRow(rowZ, y, outZ, outY, axes) * rowBytes;
        let from = plane;
        for (let rowY = y; rowY < stopY; rowY++, to += toRow, from += fromRow) {
          if (code >= 0) writeSame<Out>(to, code, <i32>count);
          else readRow<Out>(to, from, count, isMirrored);
        }
      }
    }
  }
}

/** The first coordinate after the brick that `at` lies in. */
function afterBrick(at: i32): i32 {
  return (at | 7) + 1;
}

function readRow<Out>(outPtr: usize, inPtr: usize, count: usize, isMirrored: bool): void {
  if (sizeof<Out>() === 1) {
    if (isMirrored) readCodesU8Reversed(outPtr, inPtr, count);
    else readCodesU8(outPtr, inPtr, count);
  } else {
    if (isMirrored) readCodesReversed(outPtr, inPtr, count);
    else readCodes(outPtr, inPtr, count);
  }
}
