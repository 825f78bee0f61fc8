import { copyRow } from "./copy-row";

/**
 * Copies a box of an image (Z,Y,X, f32) that starts at (lowerZ, lowerY, lowerX), which may lie outside, to `outPtr`; 0 where
 * the box leaves the image. Any sizes; the two do not overlap.
 */
export function cropImage(
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
  const rowBytes = (<usize>outX) << 2;
  const insideBytes = (<usize>(endX - startX)) << 2;
  if (insideBytes < rowBytes || lowerZ < 0 || lowerY < 0 || lowerZ + outZ > inZ || lowerY + outY > inY) {
    memory.fill(outPtr, 0, <usize>outZ * <usize>outY * rowBytes);
  }
  if (insideBytes === 0) return;
  for (let z = max(0, -lowerZ); z < min(outZ, inZ - lowerZ); z++) {
    for (let y = max(0, -lowerY); y < min(outY, inY - lowerY); y++) {
      const row = <usize>(lowerZ + z) * <usize>inY + <usize>(lowerY + y);
      const from = inPtr + ((row * <usize>inX + <usize>(lowerX + startX)) << 2);
      copyRow(outPtr + <usize>(z * outY + y) * rowBytes + ((<usize>startX) << 2), from, insideBytes);
    }
  }
}
