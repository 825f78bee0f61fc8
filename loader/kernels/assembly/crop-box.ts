import { copyRow } from "./copy-row";
import { copyReversed, mirroredRow } from "./mirrored-rows";
import { touchRows } from "./touch-rows";

/** What is touched at a time is still in a core's own cache when it is copied. */
const TOUCHED_BYTES: usize = 65_536;

/**
 * Copies a box of a volume (Z,Y,X) to `outPtr`. The box starts at (lowerZ, lowerY, lowerX), which may lie outside; where the box leaves the
 * volume, all bytes are `outside`. It is written with the flagged axes (1: Z, 2: Y, 4: X) mirrored. Any sizes; volume and target do not
 * overlap.
 */
export function cropBox<Value>(
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
  const shift = alignof<Value>();
  const startX = min(max(0, -lowerX), outX);
  const endX = max(startX, min(outX, inX - lowerX));
  const startY = max(0, -lowerY);
  const endY = min(outY, inY - lowerY);
  const count = <usize>(endX - startX);
  const rowBytes = (<usize>outX) << shift;
  if (endX - startX < outX || startY > 0 || endY < outY || lowerZ < 0 || lowerZ + outZ > inZ) {
    memory.fill(outPtr, outside, <usize>outZ * <usize>outY * rowBytes);
  }
  const rows = endY - startY;
  if (count === 0 || rows <= 0) return;
  const startZ = max(0, -lowerZ);
  const endZ = min(outZ, inZ - lowerZ);
  const fromRow = (<usize>inX) << shift;
  const fromPlane = <usize>inY * fromRow;
  let plane = inPtr + ((<usize>(lowerX + startX)) << shift);
  plane += <usize>(lowerZ + startZ) * fromPlane + <usize>(lowerY + startY) * fromRow;
  const fromBytes = count << shift;
  const planesAhead = max(1, <i32>(TOUCHED_BYTES / (<usize>rows * fromBytes)));
  const toX = outPtr + ((<usize>(axes & 4 ? outX - endX : startX)) << shift);
  const toRow = axes & 2 ? <usize>0 - rowBytes : rowBytes;
  let touched = startZ;
  for (let z = startZ; z < endZ; z++, plane += fromPlane) {
    if (z === touched) {
      touched = min(endZ, z + planesAhead);
      touchRows(plane, touched - z, rows, fromPlane, fromRow, fromBytes);
    }
    let to = toX + mirroredRow(z, startY, outZ, outY, axes) * rowBytes;
    let from = plane;
    for (let y = startY; y < endY; y++, to += toRow, from += fromRow) {
      if (axes & 4) copyReversed<Value>(to, from, count);
      else copyRow(to, from, fromBytes);
    }
  }
}
