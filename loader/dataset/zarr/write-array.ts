import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { syncFolder, writeNewFile } from "../../../disk/write-file.js";
import { sha256 } from "../sha256.js";
import { type ArrayLayout, arrayMetadata, chunkBytes, chunkCounts, shardName } from "./array-layout.js";
import { storedChecksum, withChecksum } from "./checksummed-bytes.js";
import { encodeShardIndex } from "./shard-index.js";

/** What pins a written array: the SHA-256 (hex) of its zarr.json, and of its shard's index; no index where it has no voxel. */
export interface ArrayDigests {
  readonly metadata: string;
  readonly index?: string;
}

/** Writes `values` (C order, little-endian host) as one sharded Zarr array into the new folder `path`. Throws WRITE_FAILED. */
export function writeArray(
  path: string,
  layout: ArrayLayout,
  values: Float32Array | Int16Array | Uint32Array,
): ArrayDigests {
  const hasVoxels = layout.shape.every((size) => size > 0);
  let index: Uint8Array = new Uint8Array();
  function* shard() {
    const chunks: { length: number; checksum: number }[] = [];
    for (const chunk of encodeChunks(layout, values)) {
      chunks.push({ length: chunk.length, checksum: chunk.length === 0 ? 0 : storedChecksum(chunk) });
      yield chunk;
    }
    index = encodeShardIndex(chunks);
    yield index;
  }
  if (hasVoxels) writeNewFile(join(path, shardName(layout)), shard());
  const metadata = Buffer.from(arrayMetadata(layout));
  writeNewFile(join(path, "zarr.json"), [metadata]);
  syncFolder(path);
  return { metadata: sha256(metadata), ...(hasVoxels && { index: sha256(index) }) };
}

/**
 * Every inner chunk in C order, padded with zeros, gzipped where the layout says so and followed by its CRC-32C. Of gzipped arrays,
 * chunks that are all 0 have no bytes.
 */
function* encodeChunks(layout: ArrayLayout, values: Float32Array | Int16Array | Uint32Array): Generator<Uint8Array> {
  const rankFour = (sizes: readonly number[]) => [...new Array(4 - sizes.length).fill(1), ...sizes];
  const [, zSize, ySize, xSize] = rankFour(layout.shape) as [number, number, number, number];
  const [cCount, zCount, yCount, xCount] = rankFour(chunkCounts(layout)) as [number, number, number, number];
  const [, zSide, ySide, xSide] = rankFour(layout.chunkShape) as [number, number, number, number];
  const itemBytes = values.BYTES_PER_ELEMENT;
  const source = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let c = 0; c < cCount; c++) {
    for (let zStart = 0; zStart < zCount * zSide; zStart += zSide) {
      for (let yStart = 0; yStart < yCount * ySide; yStart += ySide) {
        for (let xStart = 0; xStart < xCount * xSide; xStart += xSide) {
          const chunk = new Uint8Array(chunkBytes(layout));
          const rowBytes = Math.min(xSide, xSize - xStart) * itemBytes;
          for (let z = 0; z < Math.min(zSide, zSize - zStart); z++) {
            for (let y = 0; y < Math.min(ySide, ySize - yStart); y++) {
              const from = (((c * zSize + zStart + z) * ySize + yStart + y) * xSize + xStart) * itemBytes;
              chunk.set(source.subarray(from, from + rowBytes), (z * ySide + y) * xSide * itemBytes);
            }
          }
          yield encodeChunk(chunk, layout);
        }
      }
    }
  }
}

/** No bytes for a chunk that is not stored. */
function encodeChunk(chunk: Uint8Array, { gzipped }: ArrayLayout): Uint8Array {
  if (!gzipped) return withChecksum(chunk);
  if (chunk.every((byte) => byte === 0)) return new Uint8Array();
  return withChecksum(gzipSync(chunk, { level: 1 }));
}
