import { copyRow } from "./copy-row";
import { readCodes, readCodesU8 } from "./read-codes";

/**
 * Copies a box of a volume (Z,Y,X; values of type `In`) to `outPtr` (type `Out`). The box starts at (lowerZ, lowerY, lowerX), which
 * may lie outside; where the box leaves the volume, all bytes are `outside`. A marked label (u8) becomes i16, or u8 with -1 made 0. Any sizes;
 * volume and target do not overlap.
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
  if (count === 0) return;
  for (let z = max(0, -lowerZ); z < min(outZ, inZ - lowerZ); z++) {
    let to = outPtr + <usize>(z * outY + startY) * rowBytes + ((<usize>startX) << outShift);
    const row = <usize>(lowerZ + z) * <usize>inY + <usize>(lowerY + startY);
    let from = inPtr + ((row * <usize>inX + <usize>(lowerX + startX)) << inShift);
    for (let y = startY; y < endY; y++, to += rowBytes, from += (<usize>inX) << inShift) {
      if (sizeof<Out>() === 1) readCodesU8(to, from, count);
      else if (sizeof<In>() === 1) readCodes(to, from, count);
      else copyRow(to, from, count << inShift);
    }
  }
}
