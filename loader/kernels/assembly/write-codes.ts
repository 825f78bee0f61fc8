/** Writes codes of four voxels, in the low bytes of i32, as values: i16 as they are, u8 with -1 made 0. */
export function writeFour<Out>(ptr: usize, codes: v128): void {
  if (sizeof<Out>() === 1) {
    const values = i8x16.sub_sat_u(codes, i32x4.splat(1));
    v128.store32_lane(ptr, v128.shuffle<i8>(values, values, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
  } else {
    const values = i32x4.sub(codes, i32x4.splat(1));
    v128.store64_lane(ptr, i16x8.narrow_i32x4_s(values, values), 0);
  }
}

/** Writes the code of one voxel in the same way. */
export function writeOne<Out>(ptr: usize, code: i32): void {
  if (sizeof<Out>() === 1) store<u8>(ptr, max(code, 1) - 1);
  else store<i16>(ptr, code - 1);
}

/** Writes one code as `count` voxels side by side. */
export function writeSame<Out>(ptr: usize, code: i32, count: i32): void {
  const bytes = (<usize>count) << alignof<Out>();
  const last = ptr + bytes - 16;
  const values = sizeof<Out>() === 1 ? i8x16.splat(<i8>(max(code, 1) - 1)) : i16x8.splat(<i16>(code - 1));
  if (bytes >= 16) {
    for (; ptr < last; ptr += 16) v128.store(ptr, values);
    v128.store(last, values); // overlaps those before
    return;
  }
  for (const end = ptr + bytes; ptr < end; ptr += sizeof<Out>()) writeOne<Out>(ptr, code);
}
