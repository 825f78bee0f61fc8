import { PatchstreamError } from "../../../plan/errors.js";
import type { ByteReader, OpenFile, ReadSizes } from "../bytes/byte-reader.js";
import { inLanes } from "../lanes.js";
import { sha256 } from "../sha256.js";
import { type ArrayLayout, arrayMetadata, type DataType, parseArrayMetadata, shardName } from "./array-layout.js";
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
  /** Buffers of the reader's `reads.bytes` that no read uses now. */
  readonly spareBuffers: Uint8Array[];
}

/** About what an open array takes beside its index. */
const ARRAY_BYTES = 2 ** 10;

/** An array of the store, opened: its metadata and its shard's index are read, and are those that were written. */
export class StoredArray<Type extends DataType> {
  readonly #reading: Reading;
  readonly #layout: ArrayLayout;
  /** None where the array has no voxel. */
  readonly #shard: OpenShard | undefined;

  private constructor(reading: Reading, layout: ArrayLayout, shard: OpenShard | undefined) {
    this.#reading = reading;
    this.#layout = layout;
    this.#shard = shard;
  }

  /**
   * Opens the array at `path`; `likely` is how ingest lays out one of this kind and shape. Throws where it is not of that type or not the one
   * with those digests.
   */
  static async open<Type extends DataType>(
    reading: Reading,
    path: string,
    { type, likely, metadata, index }: { readonly type: Type; readonly likely: ArrayLayout } & ArrayDigests,
  ): Promise<StoredArray<Type>> {
    const { reader } = reading;
    const bytes = await reader.get(`${path}/zarr.json`, metadata, () => Buffer.from(arrayMetadata(likely)));
    if (bytes === undefined) throw new Error(`${path}/zarr.json is missing`);
    if (sha256(bytes) !== metadata) throw new Error("its zarr.json is not the one that was written");
    const layout = parseArrayMetadata(new TextDecoder().decode(bytes));
    if (layout.dataType !== type) throw new Error(`its array ${path} holds ${layout.dataType}, not ${type}`);
    if (layout.shape.includes(0)) return new StoredArray(reading, layout, undefined);
    if (index === undefined) throw new Error("the store's record lacks the SHA-256 of its index");
    const key = `${path}/${shardName(layout)}`;
    const read = await reader.use(key, index, (file) => readIndex(file, layout, index));
    return new StoredArray(reading, layout, { key, sha256: index, index: read });
  }

  get shape(): readonly number[] {
    return this.#layout.shape;
  }

  /** Memory that it takes. */
  get byteLength(): number {
    return ARRAY_BYTES + (this.#shard?.index.byteLength ?? 0);
  }

  /**
   * A box inside the array, C order, decoding only the chunks that it touches; in `into`, where given, which has exactly
   * the box's length and is not written any more once the promise has settled. Throws ChunkDamaged.
   */
  async read<Into extends ReadTargets[Type] = TypedArrays[Type]>(box: Box, into?: Into): Promise<Into> {
    const length = box.start.reduce((voxels, start, axis) => voxels * ((box.end[axis] as number) - start), 1);
    const values = into ?? (newValues(this.#layout.dataType as Type, length) as unknown as Into);
    if (length === 0 || this.#shard === undefined) return values;
    const { key, sha256, index } = this.#shard;
    await this.#reading.reader.use(key, sha256, (file) => this.#readBox(file, index, box, wordsOf(values)));
    return values;
  }

  async #readBox(file: OpenFile, index: ShardIndex, box: Box, values: Words): Promise<void> {
    const sizes = this.#reading.reader.reads;
    const reads = readsOf(chunksTouching(box, this.#layout), index, sizes);
    await inLanes(reads, sizes.atOnce, (read) => this.#readChunks(file, read, index, box, values));
  }

  async #readChunks(file: OpenFile, read: Read, index: ShardIndex, box: Box, values: Words): Promise<void> {
    const { spareBuffers, reader } = this.#reading;
    const { start, end } = read;
    const buffer = spareBuffers.pop() ?? new Uint8Array(reader.reads.bytes);
    const bytes = end - start <= buffer.length ? buffer.subarray(0, end - start) : new Uint8Array(end - start);
    try {
      await this.#decode(bytes, file.read(bytes, start), read, index, box, values).catch((error: unknown) => {
        if (file.readAgain === undefined || !(error instanceof ChunkDamaged)) throw error;
        return this.#decode(bytes, file.readAgain(bytes, start), read, index, box, values);
      });
    } finally {
      spareBuffers.push(buffer);
    }
  }

  /** Copies the part of each chunk that lies in the box, once `bytes` are read. Throws ChunkDamaged. */
  async #decode(
    bytes: Uint8Array,
    filled: Promise<void>,
    { start, chunks }: Read,
    index: ShardIndex,
    box: Box,
    values: Words,
  ): Promise<void> {
    let at = chunks[0] as Chunk;
    try {
      await filled;
      for (at of chunks) {
        const [from, to] = [index.startOf(at.number) - start, index.startOf(at.number + 1) - start];
        const checksum = index.checksumOf(at.number);
        const chunk = from === to ? undefined : decodeChunk(bytes.subarray(from, to), this.#layout, checksum);
        copyOverlap(chunk, at, this.#layout, values, box);
        this.#reading.decodedBytes += chunk?.byteLength ?? 0;
      }
    } catch (error) {
      throw damagedBy(error, at.place.join(","));
    }
  }
}

/** The shard of an open array. */
interface OpenShard {
  readonly key: string;
  /** Of its index. */
  readonly sha256: string;
  readonly index: ShardIndex;
}

/** A failure that is none of the bytes (a server that cannot be reached) stays what it is. */
function damagedBy(error: unknown, chunk: string): Error {
  if (error instanceof PatchstreamError) return error;
  return new ChunkDamaged(chunk, (error as Error).message, { cause: error });
}

/** Chunks whose bytes, `start` to `end` of the shard, are read in one go. */
interface Read {
  readonly start: number;
  readonly end: number;
  readonly chunks: readonly Chunk[];
}

/** Joins chunks in C order as far as they lie near each other. */
function* readsOf(chunks: readonly Chunk[], index: ShardIndex, sizes: ReadSizes): Generator<Read> {
  let read: { start: number; end: number; chunks: Chunk[] } | undefined;
  for (const chunk of chunks) {
    const [start, end] = [index.startOf(chunk.number), index.startOf(chunk.number + 1)];
    if (read !== undefined && start - read.end <= sizes.gapBytes && end - read.start <= sizes.bytes) {
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
    const start = (await file.readEnd(bytes)) - bytes.length;
    if (sha256(bytes) !== expected) throw new Error("it is not the one that was written for this array");
    const index = decodeShardIndex(bytes, layout);
    if (index.chunksEnd !== start) throw new Error(`it begins at byte ${start}; its chunks end at ${index.chunksEnd}`);
    return index;
  } catch (error) {
    throw damagedBy(error, "index");
  }
}
