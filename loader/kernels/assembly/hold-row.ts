/** Copies `count` i8 as u8; values below 0 become 0. */
export function holdRow(outPtr: usize, inPtr: usize, count: usize): void {
  if (count < 16) {
    for (let at: usize = 0; at < count; at++) store<u8>(outPtr + at, max(<i32>load<i8>(inPtr + at), 0));
    return;
  }
  const last = count - 16;
  const zero = i8x16.splat(0);
  for (let at: usize = 0; at < last; at += 16) v128.store(outPtr + at, i8x16.max_s(v128.load(inPtr + at), zero));
  v128.store(outPtr + last, i8x16.max_s(v128.load(inPtr + last), zero)); // overlaps those before
}
