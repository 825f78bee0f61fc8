/**
 * Converts an image (f32) to IEEE halves, to nearest, ties to even. Values beyond 65504 in size become 65504; a NaN stays a NaN.
 * Any count, not in place.
 */
export function writeF16(outPtr: usize, inPtr: usize, voxels: i32): void {
  const wideEnd = outPtr + ((<usize>(voxels & ~3)) << 1);
  const end = outPtr + ((<usize>voxels) << 1);
  for (; outPtr < wideEnd; outPtr += 8, inPtr += 16) v128.store64_lane(outPtr, packed(toHalf(v128.load(inPtr))), 0);
  for (; outPtr < end; outPtr += 2, inPtr += 4) v128.store16_lane(outPtr, toHalf(v128.load32_zero(inPtr)), 0);
}

function packed(halves: v128): v128 {
  return i16x8.narrow_i32x4_u(halves, halves);
}

/** Bits of four halves, each in the low 16 bits of its lane. */
function toHalf(values: v128): v128 {
  const sign = v128.and(i32x4.shr_u(values, 16), i32x4.splat(0x8000));
  const exact = v128.and(values, i32x4.splat(0x7fffffff));
  const magnitude = i32x4.min_s(exact, i32x4.splat(0x477fe000)); // 65504
  // exponent bias 127 to 15, and half a unit in the last place, less a bit where the half below is even
  const even = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff - 0x38000000)), even);
  const normal = i32x4.shr_u(rounded, 13);
  // the last place of 0.5 is 2^-24, as that of a subnormal half, so the rounding of the sum does it
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  const isNormal = i32x4.ge_s(magnitude, i32x4.splat(0x38800000));
  const isNotNumber = i32x4.gt_s(exact, i32x4.splat(0x7f800000));
  const finite = v128.bitselect(normal, subnormal, isNormal);
  return v128.or(sign, v128.bitselect(i32x4.splat(0x7e00), finite, isNotNumber));
}
