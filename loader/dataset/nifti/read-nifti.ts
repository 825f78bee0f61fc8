import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { checkIsFile, inputDamaged } from "../input-damaged.js";
import { checkSize } from "./check-size.js";
import { decodeVoxels, type Nonfinite } from "./decode-voxels.js";
import { HEADER_BYTES, type NiftiHeader, parseHeader } from "./header.js";

/** Compressed bytes that hold a header even where deflate found nothing to save. */
const HEADER_PEEK_BYTES = 4096;
/** Files are read, and inflated, in pieces of this size. */
const PIECE_BYTES = 2 ** 20;

/** A NIfTI file's voxels as numbers, in stored orientation. */
export interface NiftiVolume {
  readonly header: NiftiHeader;
  /** The first bytes of the file, from which its header was read; absent where it is of another format. */
  readonly headerBytes?: Uint8Array;
  /** (C,Z,Y,X), C order: slope and intercept applied, every value finite. */
  readonly voxels: Float32Array;
  /** Voxels that were NaN or infinite in the file and were read as 0. */
  readonly zeroed: number;
  /** Bytes after the last voxel, which are passed over. */
  readonly bytesBehind: number;
  /** SHA-256 (hex) of the file as it lies on disk. */
  readonly sha256: string;
}

/**
 * Reads a .nii or .nii.gz file of any integer or real type, piece by piece: beside the voxels it holds a few MiB. What it
 * allocates is bounded by the file's own size, whatever the header claims. Bytes after the last voxel are passed over, but a gzip
 * stream is checked to its end. Throws INPUT_DAMAGED naming the file for anything missing, truncated or not finite.
 */
export async function readNifti(path: string, nonfinite: Nonfinite = "stop"): Promise<NiftiVolume> {
  let file: FileHandle | undefined;
  try {
    await checkIsFile(path);
    file = await open(path);
    const { size } = await file.stat();
    const { headerBytes, compressed } = await headerOf(file);
    const header = parseHeader(headerBytes);
    checkSize(header, size, compressed);
    const hash = createHash("sha256");
    const pieces = hashed(file, hash);
    const decoded = compressed
      ? await pipeline(pieces, createGunzip({ chunkSize: PIECE_BYTES }), (content) =>
          decodeVoxels(content, header, nonfinite),
        )
      : await decodeVoxels(pieces, header, nonfinite);
    return { header, headerBytes, ...decoded, sha256: hash.digest("hex") };
  } catch (error) {
    throw inputDamaged(path, error);
  } finally {
    await file?.close();
  }
}

/** The bytes that `parseHeader` takes, and nothing else of the file. Throws INPUT_DAMAGED naming it. */
export async function readHeaderBytes(path: string): Promise<Uint8Array> {
  try {
    await checkIsFile(path);
    await using file = await open(path);
    return (await headerOf(file)).headerBytes;
  } catch (error) {
    throw inputDamaged(path, error);
  }
}

async function headerOf(file: FileHandle): Promise<{ headerBytes: Uint8Array; compressed: boolean }> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_PEEK_BYTES), 0, HEADER_PEEK_BYTES, 0);
  const start = buffer.subarray(0, bytesRead);
  const compressed = start[0] === 0x1f && start[1] === 0x8b;
  return { headerBytes: (compressed ? gunzipStart(start) : start).subarray(0, HEADER_BYTES), compressed };
}

function gunzipStart(start: Buffer): Buffer {
  return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
}

async function* hashed(file: FileHandle, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of file.createReadStream({ start: 0, highWaterMark: PIECE_BYTES, autoClose: false })) {
    hash.update(piece);
    yield piece;
  }
}
