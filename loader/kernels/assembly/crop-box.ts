import { copyRow } from "./copy-row";

/**
 * Copies a box of a volume (Z,Y,X) that starts at (lowerZ, lowerY, lowerX), which may lie outside, to `outPtr`; all bytes are
 * `outside` where the box leaves the volume. `shift` is log2 of a voxel's bytes. Any sizes; the two do not overlap.
 */
export function cropBox(
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
  shift: usize,
  outside: u8,
): void {
  const startX = min(max(0, -lowerX), outX);
  const endX = max(startX, min(outX, inX - lowerX));
  const startY = max(0, -lowerY);
  const endY = min(outY, inY - lowerY);
  const rowBytes = (<usize>outX) << shift;
  const insideBytes = (<usize>(endX - startX)) << shift;
  if (insideBytes < rowBytes || startY > 0 || endY < outY || lowerZ < 0 || lowerZ + outZ > inZ) {
    memory.fill(outPtr, outside, <usize>outZ * <usize>outY * rowBytes);
  }
  if (insideBytes === 0) return;
  for (let z = max(0, -lowerZ); z < min(outZ, inZ - lowerZ); z++) {
    let to = outPtr + <usize>(z * outY + startY) * rowBytes + ((<usize>startX) << shift);
    const row = <usize>(lowerZ + z) * <usize>inY + <usize>(lowerY + startY);
    let from = inPtr + ((row * <usize>inX + <usize>(lowerX + startX)) << shift);
    for (let y = startY; y < endY; y++, to += rowBytes, from += (<usize>inX) << shift) copyRow(to, from, insideBytes);
  }
}
