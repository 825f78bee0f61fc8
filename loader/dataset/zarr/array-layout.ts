/** Longest side of an image's inner chunk in voxels; sides of longer axes end up between half of this and this. */
const IMAGE_SIDE = 16;
/** Of a label's: most of its chunks are all background and not stored; the others are inflated one by one. */
const LABEL_SIDE = 32;
/** Foreground locations in one inner chunk (12 bytes each). */
const LOCATIONS_PER_CHUNK = 1024;

/** Zarr's names of the types that a store holds. */
export type DataType = "float32" | "int16" | "uint32";

/** Bytes of one value. */
export const VALUE_BYTES = { float32: 4, int16: 2, uint32: 4 } as const;

/**
 * How an array lies in the store: one shard (one file) of inner chunks. Shapes have one entry an axis, all at least 1
 * but `shape`.
 */
export interface ArrayLayout {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  /**
   * Chunks are gzipped (level 1), and those that are all 0 are not stored. Labels shrink to a fiftieth; resampled images
   * by 8 %, and inflating them (265 MB/s) would take longer than all the rest of a read.
   */
  readonly gzipped: boolean;
  readonly dimensionNames: readonly string[];
}

/** Layout of a (C,Z,Y,X) image; a chunk holds one channel. */
export function imageLayout(shape: readonly [c: number, z: number, y: number, x: number]): ArrayLayout {
  const [, z, y, x] = shape;
  return {
    dataType: "float32",
    shape,
    chunkShape: [1, ...evenSides([z, y, x], IMAGE_SIDE)],
    gzipped: false,
    dimensionNames: ["c", "z", "y", "x"],
  };
}

/** Layout of a (Z,Y,X) label or reference. */
export function labelLayout(shape: readonly [z: number, y: number, x: number]): ArrayLayout {
  return {
    dataType: "int16",
    shape,
    chunkShape: evenSides(shape, LABEL_SIDE),
    gzipped: true,
    dimensionNames: ["z", "y", "x"],
  };
}

/** Layout of the (n,3) locations of one class; `count` may be 0. */
export function locationsLayout(count: number): ArrayLayout {
  const rows = Math.max(1, Math.min(count, LOCATIONS_PER_CHUNK));
  return {
    dataType: "uint32",
    shape: [count, 3],
    chunkShape: [rows, 3],
    gzipped: false,
    dimensionNames: ["location", "zyx"],
  };
}

/** Each axis cut into equal parts, so that padding at the far end costs less than one voxel a part. */
function evenSides(shape: readonly number[], longest: number): number[] {
  return shape.map((size) => Math.ceil(size / Math.ceil(size / longest)));
}

/** Inner chunks per axis. */
export function chunkCounts({ shape, chunkShape }: ArrayLayout): number[] {
  return shape.map((size, axis) => Math.max(1, Math.ceil(size / (chunkShape[axis] as number))));
}

/** Bytes of one inner chunk, decoded. */
export function chunkBytes({ chunkShape, dataType }: ArrayLayout): number {
  return chunkShape.reduce((a, b) => a * b, VALUE_BYTES[dataType]);
}

/** The array's zarr.json (Zarr v3, codec sharding_indexed; both the chunks and the index end in their CRC-32C). */
export function arrayMetadata(layout: ArrayLayout): string {
  const counts = chunkCounts(layout);
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const gzip = { name: "gzip", configuration: { level: 1 } };
  const crc32c = { name: "crc32c" };
  const metadata = {
    zarr_format: 3,
    node_type: "array",
    shape: layout.shape,
    data_type: layout.dataType,
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: layout.chunkShape.map((side, axis) => side * (counts[axis] as number)) },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "." } },
    fill_value: 0,
    codecs: [
      {
        name: "sharding_indexed",
        configuration: {
          chunk_shape: layout.chunkShape,
          codecs: layout.gzipped ? [bytes, gzip, crc32c] : [bytes, crc32c],
          index_codecs: [bytes, crc32c],
          index_location: "end",
        },
      },
    ],
    dimension_names: layout.dimensionNames,
    attributes: {},
  };
  return JSON.stringify(metadata, undefined, 2);
}

/** The layout that a zarr.json of `arrayMetadata` says. Throws where it says anything else. */
export function parseArrayMetadata(text: string): ArrayLayout {
  const { data_type: dataType, shape, codecs, dimension_names: dimensionNames } = JSON.parse(text);
  const { chunk_shape: chunkShape, codecs: chunkCodecs } = codecs[0].configuration;
  const layout = { dataType, shape, chunkShape, gzipped: chunkCodecs.length === 3, dimensionNames };
  if (arrayMetadata(layout) !== text) throw new Error("its zarr.json is not of an array as ingest writes it");
  return layout;
}

/** File name of the array's only shard: `c.0.0.0`. */
export function shardName(layout: ArrayLayout): string {
  return ["c", ...layout.shape.map(() => "0")].join(".");
}
