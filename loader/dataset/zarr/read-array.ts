import type { ByteReader, OpenFile } from "../folder-reader.js";
import { type ArrayLayout, type DataType, parseArrayMetadata, shardName } from "./array-layout.js";
import { type Box, type Chunk, chunksTouching, copyOverlap } from "./chunk-grid.js";
import { decodeChunk, newValues, type ReadTargets, type TypedArrays, type Words, wordsOf } from "./decode-chunk.js";
import { decodeShardIndex, type StartOf, shardIndexBytes } from "./shard-index.js";

/**
 * A chunk that is missing or does not match its checksum. `chunk` is its place in chunks, "index" for the shard's
 * index.
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

/** Bytes between two chunks that are read along: they take less time than another read would. */
const GAP_BYTES = 2 ** 15;

/** An array of the store, opened: its metadata is parsed, its shard's index is read at the first chunk and kept. */
export class StoredArray<Type extends DataType> {
  readonly #reading: Reading;
  readonly #shard: string;
  readonly #layout: ArrayLayout;
  #startOf: Promise<StartOf> | undefined;

  private constructor(reading: Reading, path: string, layout: ArrayLayout) {
    this.#reading = reading;
    this.#shard = `${path}/${shardName(layout)}`;
    this.#layout = layout;
  }

  /** Opens the array at `path`. */
  static async open<Type extends DataType>(reading: Reading, path: string, type: Type): Promise<StoredArray<Type>> {
    const layout = parseArrayMetadata(new TextDecoder().decode(await reading.reader.get(`${path}/zarr.json`)));
    if (layout.dataType !== type) throw new Error(`its array ${path} holds ${layout.dataType}, not ${type}`);
    return new StoredArray(reading, path, layout);
  }

  get shape(): readonly number[] {
    return this.#layout.shape;
  }

  /**
   * A box inside the array, C order, decoding only the chunks that it touches; in `into`, where given, which has exactly
   * the box's length and is not written any more once the promise has settled. Throws ChunkDamaged.
   */
  async read<Into extends ReadTargets[Type] = TypedArrays[Type]>(box: Box, into?: Into): Promise<Into> {
    const length = box.start.reduce((voxels, start, axis) => voxels * ((box.end[axis] as number) - start), 1);
    const values = into ?? (newValues(this.#layout.dataType as Type, length) as unknown as Into);
    if (length > 0) await this.#reading.reader.use(this.#shard, (file) => this.#readBox(file, box, wordsOf(values)));
    return values;
  }

  async #readBox(file: OpenFile, box: Box, values: Words): Promise<void> {
    this.#startOf ??= readIndex(file, this.#layout);
    const startOf = await this.#startOf;
    const reads = readsOf(chunksTouching(box, this.#layout), startOf);
    const lanes = Array.from({ length: READS_AT_ONCE }, async () => {
      for (const read of reads) await this.#readChunks(file, read, startOf, box, values);
    });
    await Promise.allSettled(lanes); // one that throws ends `reads`, but others may be amid theirs
    await Promise.all(lanes);
  }

  async #readChunks(
    file: OpenFile,
    { start, end, chunks }: Read,
    startOf: StartOf,
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
        const [from, to] = [startOf(at.number) - start, startOf(at.number + 1) - start];
        const chunk = from === to ? undefined : decodeChunk(bytes.subarray(from, to), this.#layout);
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
function* readsOf(chunks: readonly Chunk[], startOf: StartOf): Generator<Read> {
  let read: { start: number; end: number; chunks: Chunk[] } | undefined;
  for (const chunk of chunks) {
    const [start, end] = [startOf(chunk.number), startOf(chunk.number + 1)];
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

async function readIndex(file: OpenFile, layout: ArrayLayout): Promise<StartOf> {
  try {
    const bytes = new Uint8Array(shardIndexBytes(layout));
    await file.read(bytes, file.byteLength - bytes.length);
    return decodeShardIndex(bytes, layout);
  } catch (error) {
    throw new ChunkDamaged("index", (error as Error).message, { cause: error });
  }
}
