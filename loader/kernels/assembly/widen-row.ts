/** Copies `count` i8 as i16, with their signs. */
export function widenRow(outPtr: usize, inPtr: usize, count: usize): void {
  if (count < 8) {
    for (let at: usize = 0; at < count; at++) store<i16>(outPtr + (at << 1), load<i8>(inPtr + at));
    return;
  }
  const last = count - 8;
  for (let at: usize = 0; at < last; at += 8) v128.store(outPtr + (at << 1), v128.load8x8_s(inPtr + at));
  v128.store(outPtr + (last << 1), v128.load8x8_s(inPtr + last)); // overlaps those before
}
