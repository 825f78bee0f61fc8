import * as zarr from "zarrita";
import { type ByteReader, readingWholeFiles } from "../folder-reader.js";
import type { DataType } from "./array-layout.js";
import { registerReadingCodecs } from "./reading-codecs.js";

/** A box of an array, one entry an axis: `start` inside, `end` outside. */
export interface Box {
  readonly start: readonly number[];
  readonly end: readonly number[];
}

interface TypedArrays {
  float32: Float32Array;
  int16: Int16Array;
  uint32: Uint32Array;
}

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

/** Enough to keep a disk busy; all of a large box at once would double its memory. */
const CHUNKS_AT_ONCE = 16;

/** Shards up to this many bytes are read in one go where the whole array is wanted. */
const WHOLE_SHARD_BYTES = 2 ** 28;

/** An array of the store, opened: its metadata is parsed, its shard's index is read at the first chunk and kept. */
export class StoredArray<Type extends DataType> {
  readonly #reader: ByteReader;
  readonly #path: string;
  readonly #array: zarr.Array<Type, ByteReader>;
  readonly #decoded: { bytes: number };

  private constructor(
    reader: ByteReader,
    path: string,
    array: zarr.Array<Type, ByteReader>,
    decoded: { bytes: number },
  ) {
    this.#reader = reader;
    this.#path = path;
    this.#array = array;
    this.#decoded = decoded;
  }

  /** Opens the array at `path`. Its reads add to `decoded` the bytes of the chunks that they decode. */
  static async open<Type extends DataType>(
    reader: ByteReader,
    path: string,
    type: Type,
    decoded: { bytes: number },
  ): Promise<StoredArray<Type>> {
    registerReadingCodecs();
    return new StoredArray(reader, path, await openArray(reader, path, type), decoded);
  }

  get shape(): readonly number[] {
    return this.#array.shape;
  }

  /** The whole array, C order. Throws ChunkDamaged. */
  async readAll(): Promise<TypedArrays[Type]> {
    const shardBytes = this.shape.reduce((a, b) => a * b, 4);
    const whole =
      shardBytes <= WHOLE_SHARD_BYTES
        ? await openArray(readingWholeFiles(this.#reader), this.#path, this.#array.dtype as Type)
        : this.#array;
    return readBox(whole, this.#decoded, { start: this.shape.map(() => 0), end: this.shape });
  }

  /** A box inside the array, C order, decoding only the chunks that it touches. Throws ChunkDamaged. */
  read(box: Box): Promise<TypedArrays[Type]> {
    return readBox(this.#array, this.#decoded, box);
  }
}

async function openArray<Type extends DataType>(
  reader: ByteReader,
  path: string,
  type: Type,
): Promise<zarr.Array<Type, ByteReader>> {
  const array = await zarr.open.v3(zarr.root(reader).resolve(path), { kind: "array" });
  if (!array.is(type)) throw new Error(`its array ${path} holds ${array.dtype}, not ${type}`);
  return array as zarr.Array<Type, ByteReader>;
}

async function readBox<Type extends DataType>(
  array: zarr.Array<Type, ByteReader>,
  decoded: { bytes: number },
  box: Box,
): Promise<TypedArrays[Type]> {
  const size = box.start.map((start, axis) => (box.end[axis] as number) - start);
  const values = newValues(
    array.dtype as Type,
    size.reduce((a, b) => a * b, 1),
  );
  if (values.length === 0) return values;
  const places = chunksTouching(box, array.chunks);
  const readers = Array.from({ length: CHUNKS_AT_ONCE }, async () => {
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const chunk = await readChunk(array, place);
      decoded.bytes += chunk.byteLength;
      copyOverlap(chunk, place, array.chunks, values, box);
    }
  });
  await Promise.all(readers);
  return values;
}

async function readChunk<Type extends DataType>(
  array: zarr.Array<Type, ByteReader>,
  place: number[],
): Promise<TypedArrays[Type]> {
  try {
    return (await array.getChunk(place)).data as unknown as TypedArrays[Type];
  } catch (error) {
    const cause = zarr.isZarritaError(error, "CodecPipelineError") ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChunkDamaged(place.join(","), reason, { cause: error });
  }
}

function newValues<Type extends DataType>(type: Type, length: number): TypedArrays[Type] {
  const make = { float32: Float32Array, int16: Int16Array, uint32: Uint32Array }[type];
  return new make(length) as TypedArrays[Type];
}

/** Places (in chunks) of all chunks that share a voxel with the box. */
function chunksTouching({ start, end }: Box, chunkShape: readonly number[]): number[][] {
  return chunkShape.reduce<number[][]>(
    (places, side, axis) => {
      const first = Math.floor((start[axis] as number) / side);
      const count = Math.ceil((end[axis] as number) / side) - first;
      return places.flatMap((place) => Array.from({ length: count }, (_, i) => [...place, first + i]));
    },
    [[]],
  );
}

/** Copies the part of a chunk that lies in the box into the box's array, row by row along the last axis. */
function copyOverlap<Values extends TypedArrays[DataType]>(
  chunk: Values,
  place: readonly number[],
  chunkShape: readonly number[],
  values: Values,
  { start, end }: Box,
): void {
  const fill = 4 - place.length;
  const [c, z, y, x] = Array.from({ length: 4 }, (_, i) => {
    const axis = i - fill;
    if (axis < 0) return { from: 0, to: 1, chunkFrom: 0, chunkSide: 1, boxFrom: 0, boxSide: 1 };
    const chunkSide = chunkShape[axis] as number;
    const chunkFrom = (place[axis] as number) * chunkSide;
    const boxFrom = start[axis] as number;
    const boxEnd = end[axis] as number;
    const [from, to] = [Math.max(boxFrom, chunkFrom), Math.min(boxEnd, chunkFrom + chunkSide)];
    return { from, to, chunkFrom, chunkSide, boxFrom, boxSide: boxEnd - boxFrom };
  }) as [Overlap, Overlap, Overlap, Overlap];
  const width = x.to - x.from;
  for (let ci = c.from; ci < c.to; ci++) {
    for (let zi = z.from; zi < z.to; zi++) {
      const chunkSlice = ((ci - c.chunkFrom) * z.chunkSide + zi - z.chunkFrom) * y.chunkSide - y.chunkFrom;
      const boxSlice = ((ci - c.boxFrom) * z.boxSide + zi - z.boxFrom) * y.boxSide - y.boxFrom;
      for (let yi = y.from; yi < y.to; yi++) {
        const from = (chunkSlice + yi) * x.chunkSide + x.from - x.chunkFrom;
        const to = (boxSlice + yi) * x.boxSide + x.from - x.boxFrom;
        for (let i = 0; i < width; i++) values[to + i] = chunk[from + i] as number;
      }
    }
  }
}

/** One axis of an overlap: `from` to `to` in array voxels, and how chunk and box lie on that axis. */
interface Overlap {
  readonly from: number;
  readonly to: number;
  readonly chunkFrom: number;
  readonly chunkSide: number;
  readonly boxFrom: number;
  readonly boxSide: number;
}
