/** Eight tables of 256 remainders each (polynomial 0x1EDC6F41, reflected), one after the other: "slicing by 8". */
const TABLES = (() => {
  const tables = new Int32Array(8 * 256);
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
  const pairs = words.length & ~1;
  for (let word = 0; word < pairs; word += 2) {
    const low = crc ^ (words[word] as number);
    const high = words[word + 1] as number;
    crc =
      (TABLES[1792 + (low & 255)] as number) ^
      (TABLES[1536 + ((low >>> 8) & 255)] as number) ^
      (TABLES[1280 + ((low >>> 16) & 255)] as number) ^
      (TABLES[1024 + (low >>> 24)] as number) ^
      (TABLES[768 + (high & 255)] as number) ^
      (TABLES[512 + ((high >>> 8) & 255)] as number) ^
      (TABLES[256 + ((high >>> 16) & 255)] as number) ^
      (TABLES[high >>> 24] as number);
  }
  for (at += pairs * 4; at < length; at++) crc = step(crc, bytes[at] as number);
  return ~crc >>> 0;
}

function step(crc: number, byte: number): number {
  return (TABLES[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
}
