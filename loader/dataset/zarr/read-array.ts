import type { ByteReader, OpenFile } from "../folder-reader.js";
import { sha256 } from "../sha256.js";
import { type ArrayLayout, type DataType, parseArrayMetadata, shardName } from "./array-layout.js";
import { type Box, type Chunk, chunksTouching, copyOverlap } from "./chunk-grid.js";
import { decodeChunk, newValues, type ReadTargets, type TypedArrays, type Words, wordsOf } from "./decode-chunk.js";
import { decodeShardIndex, type ShardIndex, shardIndexBytes } from "./shard-index.js";
import type { ArrayDigests } from "./write-array.js";

/**
 * A chunk that is missing, damaged or another's. `chunk` is its place in chunks, "index" for the shard's index.
 */
export class ChunkDamaged extends Error {
  constructor(
    readonly chunk: string,
    readonly reason: string,
    options: ErrorOptions,
  ) {
    super(`chunk ${chunk}: ${reason}`, options);
  }
}

/** What the reads of one store share. */
export interface Reading {
  readonly reader: ByteReader;
  /** Bytes of the chunks decoded so far. */
  decodedBytes: number;
  /** Buffers of `READ_BYTES` that no read uses now. */
  readonly spareBuffers: Uint8Array[];
}

/** Reads under way at once: while one is decoded, the disk has others to do. */
const READS_AT_ONCE = 4;

/** Most bytes that are read in one go, where no chunk is larger. */
const READ_BYTES = 2 ** 18;

/** About what an open array takes beside its index. */
const ARRAY_BYTES = 2 ** 10;

/** Bytes between two chunks that are read along: they take less time than another read would. */
const GAP_BYTES = 2 ** 15;

/** An array of the store, opened: its metadata and its shard's index are read, and are those that were written. */
export class StoredArray<Type extends DataType> {
  readonly #reading: Reading;
  readonly #shard: string;
  readonly #layout: ArrayLayout;
  /** None where the array has no voxel. */
  readonly #index: ShardIndex | undefined;

  private constructor(reading: Reading, path: string, layout: ArrayLayout, index: ShardIndex | undefined) {
    this.#reading = reading;
    this.#shard = `${path}/${shardName(layout)}`;
    this.#layout = layout;
    this.#index = index;
  }

  /** Opens the array at `path`. Throws where it is not of that type or not the one with those digests. */
  static async open<Type extends DataType>(
    reading: Reading,
    path: string,
    { type, metadata, index }: { readonly type: Type } & ArrayDigests,
  ): Promise<StoredArray<Type>> {
    const { reader } = reading;
    const bytes = await reader.get(`${path}/zarr.json`);
    if (bytes === undefined) throw new Error(`${path}/zarr.json is missing`);
    if (sha256(bytes) !== metadata) throw new Error("its zarr.json is not the one that was written");
    const layout = parseArrayMetadata(new TextDecoder().decode(bytes));
    if (layout.dataType !== type) throw new Error(`its array ${path} holds ${layout.dataType}, not ${type}`);
    if (layout.shape.includes(0)) return new StoredArray(reading, path, layout, undefined);
    if (index === undefined) throw new Error("the store's record lacks the SHA-256 of its index");
    const shard = `${path}/${shardName(layout)}`;
    return new StoredArray(reading, path, layout, await reader.use(shard, (file) => readIndex(file, layout, index)));
  }

  get shape(): readonly number[] {
    return this.#layout.shape;
  }

  /** Memory that it takes. */
  get byteLength(): number {
    return ARRAY_BYTES + (this.#index?.byteLength ?? 0);
  }

  /**
   * A box inside the array, C order, decoding only the chunks that it touches; in `into`, where given, which has exactly
   * the box's length and is not written any more once the promise has settled. Throws ChunkDamaged.
   */
  async read<Into extends ReadTargets[Type] = TypedArrays[Type]>(box: Box, into?: Into): Promise<Into> {
    const length = box.start.reduce((voxels, start, axis) => voxels * ((box.end[axis] as number) - start), 1);
    const values = into ?? (newValues(this.#layout.dataType as Type, length) as unknown as Into);
    const index = this.#index;
    if (length === 0 || index === undefined) return values;
    await this.#reading.reader.use(this.#shard, (file) => this.#readBox(file, index, box, wordsOf(values)));
    return values;
  }

  async #readBox(file: OpenFile, index: ShardIndex, box: Box, values: Words): Promise<void> {
    const reads = readsOf(chunksTouching(box, this.#layout), index);
    const lanes = Array.from({ length: READS_AT_ONCE }, async () => {
      for (const read of reads) await this.#readChunks(file, read, index, box, values);
    });
    await Promise.allSettled(lanes); // one that throws ends `reads`, but others may be amid theirs
    await Promise.all(lanes);
  }

  async #readChunks(
    file: OpenFile,
    { start, end, chunks }: Read,
    index: ShardIndex,
    box: Box,
    values: Words,
  ): Promise<void> {
    const { spareBuffers } = this.#reading;
    const buffer = spareBuffers.pop() ?? new Uint8Array(READ_BYTES);
    const bytes = end - start <= READ_BYTES ? buffer.subarray(0, end - start) : new Uint8Array(end - start);
    let at = chunks[0] as Chunk;
    try {
      await file.read(bytes, start);
      for (at of chunks) {
        const [from, to] = [index.startOf(at.number) - start, index.startOf(at.number + 1) - start];
        const checksum = index.checksumOf(at.number);
        const chunk = from === to ? undefined : decodeChunk(bytes.subarray(from, to), this.#layout, checksum);
        copyOverlap(chunk, at, this.#layout, values, box);
        this.#reading.decodedBytes += chunk?.byteLength ?? 0;
      }
    } catch (error) {
      throw new ChunkDamaged(at.place.join(","), (error as Error).message, { cause: error });
    } finally {
      spareBuffers.push(buffer);
    }
  }
}

/** Chunks whose bytes, `start` to `end` of the shard, are read in one go. */
interface Read {
  readonly start: number;
  readonly end: number;
  readonly chunks: readonly Chunk[];
}

/** Joins chunks in C order as far as they lie near each other. */
function* readsOf(chunks: readonly Chunk[], index: ShardIndex): Generator<Read> {
  let read: { start: number; end: number; chunks: Chunk[] } | undefined;
  for (const chunk of chunks) {
    const [start, end] = [index.startOf(chunk.number), index.startOf(chunk.number + 1)];
    if (read !== undefined && start - read.end <= GAP_BYTES && end - read.start <= READ_BYTES) {
      read.chunks.push(chunk);
      read.end = end;
      continue;
    }
    if (read !== undefined) yield read;
    read = { start, end, chunks: [chunk] };
  }
  if (read !== undefined) yield read;
}

/** Reads the index that has this SHA-256. Throws ChunkDamaged. */
async function readIndex(file: OpenFile, layout: ArrayLayout, expected: string): Promise<ShardIndex> {
  try {
    const bytes = new Uint8Array(shardIndexBytes(layout));
    const start = file.byteLength - bytes.length;
    await file.read(bytes, start);
    if (sha256(bytes) !== expected) throw new Error("it is not the one that was written for this array");
    const index = decodeShardIndex(bytes, layout);
    if (index.chunksEnd !== start) throw new Error(`it begins at byte ${start}; its chunks end at ${index.chunksEnd}`);
    return index;
  } catch (error) {
    throw new ChunkDamaged("index", (error as Error).message, { cause: error });
  }
}
