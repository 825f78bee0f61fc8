/** Sixteen tables of 256 remainders each (polynomial 0x1EDC6F41, reflected), one after the other: "slicing by 16". */
const TABLES = (() => {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
    tables[byte] = remainder;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256] as number;
    tables[i] = (previous >>> 8) ^ (tables[previous & 255] as number);
  }
  return tables;
})();

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = bytes;
  let crc = -1;
  let at = 0;
  const head = Math.min(length, -byteOffset & 3);
  for (; at < head; at++) crc = step(crc, bytes[at] as number);
  const words = new Int32Array(buffer, byteOffset + at, (length - at) >>> 2);
  const fours = words.length & ~3;
  for (let word = 0; word < fours; word += 4) {
    crc =
      slice(3072, crc ^ (words[word] as number)) ^
      slice(2048, words[word + 1] as number) ^
      slice(1024, words[word + 2] as number) ^
      slice(0, words[word + 3] as number);
  }
  for (at += fours * 4; at < length; at++) crc = step(crc, bytes[at] as number);
  return ~crc >>> 0;
}

/** The remainder of four bytes with as many bytes after them as the four tables from `first` on stand for. */
function slice(first: number, word: number): number {
  return (
    (TABLES[first + 768 + (word & 255)] as number) ^
    (TABLES[first + 512 + ((word >>> 8) & 255)] as number) ^
    (TABLES[first + 256 + ((word >>> 16) & 255)] as number) ^
    (TABLES[first + (word >>> 24)] as number)
  );
}

function step(crc: number, byte: number): number {
  return (TABLES[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
}

/** The bytes and, behind them, their CRC-32C, little-endian, as Zarr's crc32c codec lays it out. */
export function withChecksum(bytes: Uint8Array): Uint8Array {
  const checked = new Uint8Array(bytes.length + 4);
  checked.set(bytes);
  new DataView(checked.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return checked;
}

/** The CRC-32C behind what `withChecksum` gave, as it is stored there. */
export function storedChecksum(checked: Uint8Array): number {
  return new DataView(checked.buffer, checked.byteOffset + checked.length - 4, 4).getUint32(0, true);
}

/**
 * A view of what `withChecksum` was given. Throws where the CRC-32C behind it does not match it, and where it is another than
 * `expected`: then the bytes are whole, but not those that were meant.
 */
export function withoutChecksum(checked: Uint8Array, expected: number): Uint8Array {
  if (checked.length < 4) throw new Error("it is too short to hold a checksum");
  const bytes = checked.subarray(0, -4);
  const stored = storedChecksum(checked);
  if (crc32c(bytes) !== stored) throw new Error("its CRC-32C does not match its bytes");
  if (stored !== expected) throw new Error("its CRC-32C is not the one in the shard's index: it holds other values");
  return bytes;
}
