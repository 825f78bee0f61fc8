/** Copies labels (i16) with -1 made 0. Any count, not in place. */
export function writeLabelI16(outPtr: usize, inPtr: usize, voxels: i32): void {
  const wideEnd = outPtr + ((<usize>(voxels & ~7)) << 1);
  const end = outPtr + ((<usize>voxels) << 1);
  const zero = i16x8.splat(0);
  for (; outPtr < wideEnd; outPtr += 16, inPtr += 16) v128.store(outPtr, i16x8.max_s(v128.load(inPtr), zero));
  for (; outPtr < end; outPtr += 2, inPtr += 2) store<i16>(outPtr, max(<i32>load<i16>(inPtr), 0));
}
