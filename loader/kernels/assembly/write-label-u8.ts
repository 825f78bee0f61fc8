/** Converts labels (i16) to u8, clamped to 0 and 255, so that -1 becomes 0. Any count, not in place. */
export function writeLabelU8(outPtr: usize, inPtr: usize, voxels: i32): void {
  const wideEnd = outPtr + <usize>(voxels & ~7);
  const end = outPtr + <usize>voxels;
  for (; outPtr < wideEnd; outPtr += 8, inPtr += 16) {
    const values = v128.load(inPtr);
    v128.store64_lane(outPtr, i8x16.narrow_i16x8_u(values, values), 0);
  }
  for (; outPtr < end; outPtr++, inPtr += 2) store<u8>(outPtr, min(max(<i32>load<i16>(inPtr), 0), 255));
}
