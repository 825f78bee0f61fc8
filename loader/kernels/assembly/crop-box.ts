import { BULK_BYTES, copyRow } from "./copy-row";
import { copyReversed, mirroredRow } from "./mirrored-rows";
import { readCodes, readCodesReversed, readCodesU8, readCodesU8Reversed } from "./read-codes";
import { LINE_BYTES } from "./source-box";

/** What is touched at a time is still in a core's own cache when it is copied. */
const TOUCHED_BYTES: usize = 65_536;

/**
 * Copies a box of a volume (Z,Y,X; values of type `In`) to `outPtr` (type `Out`). The box starts at (lowerZ, lowerY, lowerX), which
 * may lie outside; where the box leaves the volume, all bytes are `outside`. It is written with the flagged axes (1: Z, 2: Y, 4: X) mirrored. A
 * marked label (u8) becomes i16, or u8 with -1 made 0. Any sizes; volume and target do not overlap.
 */
export function cropBox<In, Out>(
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
  outside: u8,
): void {
  const inShift = alignof<In>();
  const outShift = alignof<Out>();
  const startX = min(max(0, -lowerX), outX);
  const endX = max(startX, min(outX, inX - lowerX));
  const startY = max(0, -lowerY);
  const endY = min(outY, inY - lowerY);
  const count = <usize>(endX - startX);
  const rowBytes = (<usize>outX) << outShift;
  if (endX - startX < outX || startY > 0 || endY < outY || lowerZ < 0 || lowerZ + outZ > inZ) {
    memory.fill(outPtr, outside, <usize>outZ * <usize>outY * rowBytes);
  }
  const rows = endY - startY;
  if (count === 0 || rows <= 0) return;
  const startZ = max(0, -lowerZ);
  const endZ = min(outZ, inZ - lowerZ);
  const fromRow = (<usize>inX) << inShift;
  const fromPlane = <usize>inY * fromRow;
  let plane = inPtr + ((<usize>(lowerX + startX)) << inShift);
  plane += <usize>(lowerZ + startZ) * fromPlane + <usize>(lowerY + startY) * fromRow;
  const fromBytes = count << inShift;
  const planesAhead = max(1, <i32>(TOUCHED_BYTES / (<usize>rows * fromBytes)));
  const toX = outPtr + ((<usize>(axes & 4 ? outX - endX : startX)) << outShift);
  const toRow = axes & 2 ? <usize>0 - rowBytes : rowBytes;
  let touched = startZ;
  for (let z = startZ; z < endZ; z++, plane += fromPlane) {
    if (z === touched) {
      touched = min(endZ, z + planesAhead);
      if (fromBytes <= 2 * LINE_BYTES) touchRows(plane, touched - z, rows, fromPlane, fromRow, fromBytes);
      else if (fromBytes < BULK_BYTES) touchLongRows(plane, touched - z, rows, fromPlane, fromRow, fromBytes);
    }
    let to = toX + mirroredRow(z, startY, outZ, outY, axes) * rowBytes;
    let from = plane;
    if (axes & 4) {
      for (let y = startY; y < endY; y++, to += toRow, from += fromRow) {
        if (sizeof<Out>() === 1) readCodesU8Reversed(to, from, count);
        else if (sizeof<In>() === 1) readCodesReversed(to, from, count);
        else copyReversed<In>(to, from, count);
      }
    } else {
      for (let y = startY; y < endY; y++, to += toRow, from += fromRow) {
        if (sizeof<Out>() === 1) readCodesU8(to, from, count);
        else if (sizeof<In>() === 1) readCodes(to, from, count);
        else copyRow(to, from, fromBytes);
      }
    }
  }
}

/** Reads a value of each cache line of a box, so that the lines come from memory at the same time: short rows are copied faster than they come. */
function touchRows(ptr: usize, planes: i32, rows: i32, planeBytes: usize, rowBytes: usize, bytes: usize): void {
  for (let z = 0; z < planes; z++, ptr += planeBytes) {
    let row = ptr;
    for (let y = 0; y < rows; y++, row += rowBytes) {
      load<u8>(row);
      if (bytes > LINE_BYTES) load<u8>(row + LINE_BYTES);
      load<u8>(row + bytes - 1);
    }
  }
}

/** The same of rows that may have more than two lines: a loop that rows of one or two would feel. */
function touchLongRows(ptr: usize, planes: i32, rows: i32, planeBytes: usize, rowBytes: usize, bytes: usize): void {
  for (let z = 0; z < planes; z++, ptr += planeBytes) {
    let row = ptr;
    for (let y = 0; y < rows; y++, row += rowBytes) {
      for (let at: usize = 0; at < bytes; at += LINE_BYTES) load<u8>(row + at);
      load<u8>(row + bytes - 1);
    }
  }
}
