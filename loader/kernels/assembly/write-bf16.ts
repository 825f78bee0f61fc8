import { mirroredRow, reversed } from "./mirrored-rows";

/**
 * Converts an image (Z,Y,X, f32) to bfloat16, to nearest, ties to even, with the flagged axes (1: Z, 2: Y, 4: X) mirrored. Values
 * beyond the largest finite one become that one; a NaN stays a NaN. Any sizes, not in place.
 */
export function writeBf16(outPtr: usize, inPtr: usize, sizeZ: i32, sizeY: i32, sizeX: i32, axes: i32): void {
  const rowBytes = (<usize>sizeX) << 1;
  const wideBytes = (<usize>(sizeX & ~3)) << 1;
  for (let z = 0; z < sizeZ; z++) {
    for (let y = 0; y < sizeY; y++, inPtr += rowBytes << 1) {
      const to = outPtr + mirroredRow(z, y, sizeZ, sizeY, axes) * rowBytes;
      if (axes & 4) {
        const last = to + rowBytes;
        for (let x: usize = 0; x < wideBytes; x += 8) {
          v128.store64_lane(last - x - 8, packed(toBfloat(reversed(v128.load(inPtr + (x << 1))))), 0);
        }
        for (let x = wideBytes; x < rowBytes; x += 2) {
          v128.store16_lane(last - x - 2, toBfloat(v128.load32_zero(inPtr + (x << 1))), 0);
        }
      } else {
        for (let x: usize = 0; x < wideBytes; x += 8) {
          v128.store64_lane(to + x, packed(toBfloat(v128.load(inPtr + (x << 1)))), 0);
        }
        for (let x = wideBytes; x < rowBytes; x += 2) {
          v128.store16_lane(to + x, toBfloat(v128.load32_zero(inPtr + (x << 1))), 0);
        }
      }
    }
  }
}

function packed(bits: v128): v128 {
  return i16x8.narrow_i32x4_u(bits, bits);
}

/** Bits of four bfloat16, each in the low 16 bits of its lane. */
function toBfloat(values: v128): v128 {
  const sign = v128.and(i32x4.shr_u(values, 16), i32x4.splat(0x8000));
  const exact = v128.and(values, i32x4.splat(0x7fffffff));
  const magnitude = i32x4.min_s(exact, i32x4.splat(0x7f7f0000));
  const even = v128.and(i32x4.shr_u(magnitude, 16), i32x4.splat(1));
  const finite = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(0x7fff)), even), 16);
  const isNotNumber = i32x4.gt_s(exact, i32x4.splat(0x7f800000));
  const quiet = v128.or(i32x4.shr_u(exact, 16), i32x4.splat(0x40));
  return v128.or(sign, v128.bitselect(quiet, finite, isNotNumber));
}
