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

const NO_WORDS = new Int32Array();

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, unsigned, without native code. */
export function crc32c(bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = bytes;
  let crc = -1;
  let at = 0;
  const head = Math.min(length, -byteOffset & 3);
  for (; at < head; at++) crc = step(crc, bytes[at] as number);
  const wordCount = (length - at) >>> 2;
  const words = wordCount > 0 ? new Int32Array(buffer, byteOffset + at, wordCount) : NO_WORDS; // aligned only where there are some
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
