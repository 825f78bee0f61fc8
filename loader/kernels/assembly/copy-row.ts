/** From this many bytes on a call of the host's copy pays. With shorter rows our own loop lets the next row's loads begin early. */
const BULK_BYTES: usize = 1024;

/** Copies `bytes` neighbouring bytes; source and target do not overlap. */
export function copyRow(outPtr: usize, inPtr: usize, bytes: usize): void {
  if (bytes >= BULK_BYTES || bytes < 16) {
    memory.copy(outPtr, inPtr, bytes);
    return;
  }
  const last = bytes - 16;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    v128.store(outPtr + at, v128.load(inPtr + at));
    v128.store(outPtr + at, v128.load(inPtr + at, 16), 16);
    v128.store(outPtr + at, v128.load(inPtr + at, 32), 32);
    v128.store(outPtr + at, v128.load(inPtr + at, 48), 48);
  }
  for (; at < last; at += 16) v128.store(outPtr + at, v128.load(inPtr + at));
  v128.store(outPtr + last, v128.load(inPtr + last)); // overlaps those before
}
