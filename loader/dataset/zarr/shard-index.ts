import { type ArrayLayout, chunkBytes, chunkCounts } from "./array-layout.js";
import { withChecksum } from "./checksummed-bytes.js";

/**
 * What the end of a shard says of its chunks (C order). Chunk `i` lies from byte `startOf(i)` to `startOf(i + 1)`, no byte where it
 * is all 0, and ends in its CRC-32C, which is `checksumOf(i)`.
 */
export interface ShardIndex {
  startOf(chunk: number): number;
  checksumOf(chunk: number): number;
  /** Bytes of all chunks. */
  readonly chunksEnd: number;
  /** Bytes that it takes in memory. */
  readonly byteLength: number;
}

/** Zarr's mark of a chunk that is not stored, in place of its offset and its length. */
const NOT_STORED = 2n ** 64n - 1n;

/**
 * Bytes of the index at the end of a shard: the CRC-32C of each chunk (uint32), then what Zarr calls the index, offset and length of
 * each chunk (uint64) and their CRC-32C. Zarr's own index would be the same for any two arrays of one shape that are not gzipped:
 * with the checksums before it, an index belongs to one content. Other readers of Zarr skip them as bytes between two chunks.
 */
export function shardIndexBytes(layout: ArrayLayout): number {
  return 20 * chunkCount(layout) + 4;
}

/**
 * The index of chunks that lie one behind the other; `chunks` are their lengths in bytes, 0 for one that is not stored, and their
 * checksums.
 */
export function encodeShardIndex(
  chunks: readonly { readonly length: number; readonly checksum: number }[],
): Uint8Array {
  const checksums = Uint32Array.from(chunks, ({ checksum }) => checksum);
  const entries = new BigUint64Array(2 * chunks.length);
  let offset = 0;
  for (const [chunk, { length }] of chunks.entries()) {
    entries.set(length === 0 ? [NOT_STORED, NOT_STORED] : [BigInt(offset), BigInt(length)], 2 * chunk);
    offset += length;
  }
  return Buffer.concat([new Uint8Array(checksums.buffer), withChecksum(new Uint8Array(entries.buffer))]);
}

/**
 * Reads what `encodeShardIndex` wrote, which the caller has held against its SHA-256. Keeps four bytes a chunk, and eight more
 * where lengths differ.
 */
export function decodeShardIndex(bytes: Uint8Array, layout: ArrayLayout): ShardIndex {
  const count = chunkCount(layout);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums = Uint32Array.from({ length: count }, (_, chunk) => view.getUint32(4 * chunk, true));
  const wholeBytes = chunkBytes(layout) + 4;
  const starts = new Float64Array(count + 1);
  let isRegular = true;
  for (let chunk = 0; chunk < count; chunk++) {
    const entry = 4 * count + 16 * chunk;
    const isStored = view.getUint32(entry + 12, true) !== 0xffffffff;
    const length = isStored ? view.getUint32(entry + 8, true) + 2 ** 32 * view.getUint32(entry + 12, true) : 0;
    starts[chunk + 1] = (starts[chunk] as number) + length;
    isRegular &&= length === wholeBytes;
  }
  return {
    startOf: isRegular ? (chunk) => chunk * wholeBytes : (chunk) => starts[chunk] as number,
    checksumOf: (chunk) => checksums[chunk] as number,
    chunksEnd: starts[count] as number,
    byteLength: checksums.byteLength + (isRegular ? 0 : starts.byteLength),
  };
}

function chunkCount(layout: ArrayLayout): number {
  return chunkCounts(layout).reduce((a, b) => a * b, 1);
}
