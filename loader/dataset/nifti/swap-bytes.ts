/** Turns the bytes of every number of `numberBytes` around, in place: from one byte order to the other. */
export function swapBytes(bytes: Uint8Array, numberBytes: number): void {
  for (let start = 0; start < bytes.length; start += numberBytes) {
    for (let low = start, high = start + numberBytes - 1; low < high; low++, high--) {
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}
