import { copyRow } from "./copy-row";

/**
 * Copies a box of a label (Z,Y,X, i16) that starts at (lowerZ, lowerY, lowerX), which may lie outside, to `outPtr`; -1 where
 * the box leaves the label. Any sizes; the two do not overlap.
 */
export function cropLabel(
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
): void {
  const startX = min(max(0, -lowerX), outX);
  const endX = max(startX, min(outX, inX - lowerX));
  const rowBytes = (<usize>outX) << 1;
  const insideBytes = (<usize>(endX - startX)) << 1;
  if (insideBytes < rowBytes || lowerZ < 0 || lowerY < 0 || lowerZ + outZ > inZ || lowerY + outY > inY) {
    memory.fill(outPtr, 0xff, <usize>outZ * <usize>outY * rowBytes);
  }
  if (insideBytes === 0) return;
  for (let z = max(0, -lowerZ); z < min(outZ, inZ - lowerZ); z++) {
    for (let y = max(0, -lowerY); y < min(outY, inY - lowerY); y++) {
      const row = <usize>(lowerZ + z) * <usize>inY + <usize>(lowerY + y);
      const from = inPtr + ((row * <usize>inX + <usize>(lowerX + startX)) << 1);
      copyRow(outPtr + <usize>(z * outY + y) * rowBytes + ((<usize>startX) << 1), from, insideBytes);
    }
  }
}
