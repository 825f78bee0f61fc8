/**
 * Converts an image (f32) to bfloat16, to nearest, ties to even. Values beyond the largest finite one become that one; a NaN stays
 * a NaN. Any count, not in place.
 */
export function writeBf16(outPtr: usize, inPtr: usize, voxels: i32): void {
  const wideEnd = outPtr + ((<usize>(voxels & ~3)) << 1);
  const end = outPtr + ((<usize>voxels) << 1);
  for (; outPtr < wideEnd; outPtr += 8, inPtr += 16) v128.store64_lane(outPtr, packed(toBfloat(v128.load(inPtr))), 0);
  for (; outPtr < end; outPtr += 2, inPtr += 4) v128.store16_lane(outPtr, toBfloat(v128.load32_zero(inPtr)), 0);
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
