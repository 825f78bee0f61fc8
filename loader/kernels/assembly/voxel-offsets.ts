/** Bits of the f32 1.5 * 2^23, whose last place is 1: after adding it, a whole number of size up to 2^22 is in the low bits. */
const WHOLE_BITS = 0x4b400000;

/**
 * Byte offsets of four voxels of a volume, their coordinates whole numbers up to 2^22 in size; each is too large by
 * `excessBytes`. The saturating conversion to integers would take six instructions on x86 where this takes one.
 */
export function voxelOffsets(z: v128, y: v128, x: v128, inY: i32, inX: i32, shift: i32): v128 {
  const row = i32x4.add(i32x4.mul(wholeBits(z), i32x4.splat(inY)), wholeBits(y));
  return i32x4.shl(i32x4.add(i32x4.mul(row, i32x4.splat(inX)), wholeBits(x)), shift);
}

export function excessBytes(inY: i32, inX: i32, shift: i32): usize {
  return <usize>(((WHOLE_BITS * inY + WHOLE_BITS) * inX + WHOLE_BITS) << shift);
}

function wholeBits(whole: v128): v128 {
  return f32x4.add(whole, f32x4.splat(12582912));
}
