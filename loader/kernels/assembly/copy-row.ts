/** From this many bytes on, the call of the host's copy pays. */
const BULK_BYTES: usize = 256;

/** Copies `bytes` side by side; the two do not overlap. */
export function copyRow(outPtr: usize, inPtr: usize, bytes: usize): void {
  if (bytes >= BULK_BYTES || bytes < 16) {
    memory.copy(outPtr, inPtr, bytes);
    return;
  }
  const last = bytes - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(outPtr + at, v128.load(inPtr + at));
  v128.store(outPtr + last, v128.load(inPtr + last)); // overlaps those before
}
