import { copyRow } from "./copy-row";
import { mirroredRow, reversed } from "./mirrored-rows";

/** Copies an image (Z,Y,X, f32) with the flagged axes (1: Z, 2: Y, 4: X) mirrored. Any sizes, not in place. */
export function writeF32(outPtr: usize, inPtr: usize, sizeZ: i32, sizeY: i32, sizeX: i32, axes: i32): void {
  const rowBytes = (<usize>sizeX) << 2;
  const wideBytes = (<usize>(sizeX & ~3)) << 2;
  if (axes === 0) {
    memory.copy(outPtr, inPtr, <usize>sizeZ * <usize>sizeY * rowBytes);
    return;
  }
  for (let z = 0; z < sizeZ; z++) {
    for (let y = 0; y < sizeY; y++, inPtr += rowBytes) {
      const to = outPtr + mirroredRow(z, y, sizeZ, sizeY, axes) * rowBytes;
      if (!(axes & 4)) {
        copyRow(to, inPtr, rowBytes);
        continue;
      }
      const last = to + rowBytes;
      for (let x: usize = 0; x < wideBytes; x += 16) v128.store(last - x - 16, reversed(v128.load(inPtr + x)));
      for (let x = wideBytes; x < rowBytes; x += 4) store<f32>(last - x - 4, load<f32>(inPtr + x));
    }
  }
}
