import { type ArrayLayout, chunkBytes, chunkCounts } from "./array-layout.js";
import { withChecksum, withoutChecksum } from "./crc32c.js";

/** Chunk `i` of a shard (C order) lies from byte `startOf(i)` to `startOf(i + 1)`; no byte where it is all 0. */
export type StartOf = (chunk: number) => number;

/** Zarr's mark of a chunk that is not stored, in place of its offset and its length. */
const NOT_STORED = 2n ** 64n - 1n;

/** Bytes of the index at the end of a shard: offset and length of each chunk (uint64), and their CRC-32C. */
export function shardIndexBytes(layout: ArrayLayout): number {
  return 16 * chunkCounts(layout).reduce((a, b) => a * b, 1) + 4;
}

/** The index of chunks that lie one behind the other, by their lengths in bytes; 0 is a chunk that is not stored. */
export function encodeShardIndex(lengths: readonly number[]): Uint8Array {
  const entries = new BigUint64Array(2 * lengths.length);
  let offset = 0;
  for (const [chunk, length] of lengths.entries()) {
    entries.set(length === 0 ? [NOT_STORED, NOT_STORED] : [BigInt(offset), BigInt(length)], 2 * chunk);
    offset += length;
  }
  return withChecksum(new Uint8Array(entries.buffer));
}

/**
 * Reads what `encodeShardIndex` wrote. Keeps eight bytes a chunk where lengths differ, and none where they are all the
 * same. Throws where the bytes are damaged or chunks do not lie one behind the other.
 */
export function decodeShardIndex(bytes: Uint8Array, layout: ArrayLayout): StartOf {
  const entries = new DataView(bytes.buffer, bytes.byteOffset, withoutChecksum(bytes).length);
  const count = entries.byteLength / 16;
  const starts = new Float64Array(count + 1);
  const wholeBytes = chunkBytes(layout) + 4;
  let isRegular = true;
  let end = 0;
  for (let chunk = 0; chunk < count; chunk++) {
    const offset = entries.getBigUint64(16 * chunk, true);
    const length = entries.getBigUint64(16 * chunk + 8, true);
    if (offset !== NOT_STORED && offset !== BigInt(end)) throw new Error("its chunks do not lie one behind the other");
    starts[chunk] = end;
    if (offset !== NOT_STORED) end += Number(length);
    isRegular &&= end === (chunk + 1) * wholeBytes;
  }
  if (isRegular) return (chunk) => chunk * wholeBytes;
  starts[count] = end;
  return (chunk) => starts[chunk] as number;
}
