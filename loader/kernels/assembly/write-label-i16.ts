import { mirroredRow } from "./mirrored-rows";

/** Copies a label (Z,Y,X, i16) with -1 made 0 and the flagged axes (1: Z, 2: Y, 4: X) mirrored. Any sizes, not in place. */
export function writeLabelI16(outPtr: usize, inPtr: usize, sizeZ: i32, sizeY: i32, sizeX: i32, axes: i32): void {
  const rowBytes = (<usize>sizeX) << 1;
  const wideBytes = (<usize>(sizeX & ~7)) << 1;
  const zero = i16x8.splat(0);
  for (let z = 0; z < sizeZ; z++) {
    for (let y = 0; y < sizeY; y++, inPtr += rowBytes) {
      const to = outPtr + mirroredRow(z, y, sizeZ, sizeY, axes) * rowBytes;
      if (axes & 4) {
        const last = to + rowBytes;
        for (let x: usize = 0; x < wideBytes; x += 16) {
          const values = i16x8.max_s(v128.load(inPtr + x), zero);
          v128.store(last - x - 16, v128.shuffle<i16>(values, values, 7, 6, 5, 4, 3, 2, 1, 0));
        }
        for (let x = wideBytes; x < rowBytes; x += 2) store<i16>(last - x - 2, max(<i32>load<i16>(inPtr + x), 0));
      } else {
        for (let x: usize = 0; x < wideBytes; x += 16) v128.store(to + x, i16x8.max_s(v128.load(inPtr + x), zero));
        for (let x = wideBytes; x < rowBytes; x += 2) store<i16>(to + x, max(<i32>load<i16>(inPtr + x), 0));
      }
    }
  }
}
