import { mirroredRow } from "./mirrored-rows";

/**
 * Converts a label (Z,Y,X, i16) to u8, clamped to 0 and 255, so that -1 becomes 0, with the flagged axes (1: Z, 2: Y, 4: X)
 * mirrored. Any sizes, not in place.
 */
export function writeLabelU8(outPtr: usize, inPtr: usize, sizeZ: i32, sizeY: i32, sizeX: i32, axes: i32): void {
  const rowBytes = <usize>sizeX;
  const wideBytes = <usize>(sizeX & ~7);
  for (let z = 0; z < sizeZ; z++) {
    for (let y = 0; y < sizeY; y++, inPtr += rowBytes << 1) {
      const to = outPtr + mirroredRow(z, y, sizeZ, sizeY, axes) * rowBytes;
      if (axes & 4) {
        const last = to + rowBytes;
        for (let x: usize = 0; x < wideBytes; x += 8) {
          const values = v128.load(inPtr + (x << 1));
          const reversed = v128.shuffle<i16>(values, values, 7, 6, 5, 4, 3, 2, 1, 0);
          v128.store64_lane(last - x - 8, i8x16.narrow_i16x8_u(reversed, reversed), 0);
        }
        for (let x = wideBytes; x < rowBytes; x++) store<u8>(last - x - 1, held(load<i16>(inPtr + (x << 1))));
      } else {
        for (let x: usize = 0; x < wideBytes; x += 8) {
          const values = v128.load(inPtr + (x << 1));
          v128.store64_lane(to + x, i8x16.narrow_i16x8_u(values, values), 0);
        }
        for (let x = wideBytes; x < rowBytes; x++) store<u8>(to + x, held(load<i16>(inPtr + (x << 1))));
      }
    }
  }
}

function held(value: i32): i32 {
  return min(max(value, 0), 255);
}
