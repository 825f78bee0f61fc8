import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { PatchstreamError } from "../../../plan/errors.js";
import { HEADER_BYTES, HeaderRefused, type NiftiHeader, parseHeader, VOXEL_ARRAYS } from "./header.js";

/** A volume of this many voxels fills an arena (4 GiB of float32). */
const MOST_VOXELS = 2 ** 30;
/** Deflate cannot pack more than this many bytes into one (zlib's documentation). */
const DEFLATE_RATIO = 1032;
/** Compressed bytes that hold a header even where deflate found nothing to save. */
const HEADER_PEEK_BYTES = 4096;
/** Voxels converted at a time, through doubles. */
const BLOCK_VOXELS = 2 ** 16;
/** Output is inflated in pieces of this size at most. */
const INFLATE_BYTES = 2 ** 24;

/** A NIfTI file's voxels as numbers, in stored orientation. */
export interface NiftiVolume {
  readonly header: NiftiHeader;
  /** (C,Z,Y,X), C order: slope and intercept applied, every value finite. */
  readonly voxels: Float32Array;
  /** SHA-256 (hex) of the file as it lies on disk. */
  readonly sha256: string;
}

/**
 * Reads a .nii or .nii.gz file of any integer or real type. What it allocates is bounded by the file's own size, whatever the
 * header claims. Throws INPUT_DAMAGED naming the file for anything missing, truncated, of a wrong size or not finite.
 */
export function readNifti(path: string): NiftiVolume {
  try {
    const file = readFileSync(path);
    const compressed = file[0] === 0x1f && file[1] === 0x8b;
    const header = parseHeader(compressed ? gunzipStart(file) : file.subarray(0, HEADER_BYTES));
    const count = header.shape.reduce((a, b) => a * b);
    if (count > MOST_VOXELS)
      throw new HeaderRefused(`its header gives it ${count} voxels`, `at most ${MOST_VOXELS} voxels`);
    const bytes = compressed ? gunzipWhole(file, header) : file;
    const missing = contentBytes(header) - bytes.length;
    if (missing !== 0) {
      throw new HeaderRefused(
        missing > 0 ? `${missing} bytes of voxels are missing` : `${-missing} bytes follow the last voxel`,
        `${contentBytes(header)} bytes long, as its header says`,
      );
    }
    return { header, voxels: decodeVoxels(bytes, header), sha256: createHash("sha256").update(file).digest("hex") };
  } catch (error) {
    throw inputDamaged(path, error);
  }
}

function contentBytes({ shape, datatype, voxelOffset }: NiftiHeader): number {
  return voxelOffset + shape.reduce((a, b) => a * b) * VOXEL_ARRAYS[datatype].BYTES_PER_ELEMENT;
}

function gunzipStart(file: Buffer): Buffer {
  return gunzipSync(file.subarray(0, HEADER_PEEK_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
}

function gunzipWhole(file: Buffer, header: NiftiHeader): Buffer {
  const bytes = contentBytes(header);
  if (bytes > file.length * DEFLATE_RATIO) {
    throw new HeaderRefused(
      `its header promises ${bytes} bytes, which ${file.length} compressed ones cannot hold`,
      "whole",
    );
  }
  return gunzipSync(file, { maxOutputLength: bytes + 1, chunkSize: Math.min(bytes + 1, INFLATE_BYTES) });
}

function decodeVoxels(bytes: Buffer, header: NiftiHeader): Float32Array {
  const stored = storedVoxels(bytes.subarray(header.voxelOffset), header);
  const { slope, intercept } = header;
  const voxels = new Float32Array(stored.length);
  for (let start = 0; start < stored.length; start += BLOCK_VOXELS) {
    const block = toNumbers(stored.subarray(start, start + BLOCK_VOXELS));
    for (let i = 0; i < block.length; i++) {
      const value = (block[i] as number) * slope + intercept;
      voxels[start + i] = value;
      if (Number.isFinite(voxels[start + i])) continue;
      throw new HeaderRefused(`voxel ${start + i} is ${value}`, "finite (as a float32) everywhere");
    }
  }
  return voxels;
}

type StoredVoxels = InstanceType<(typeof VOXEL_ARRAYS)[NiftiHeader["datatype"]]>;

function toNumbers(stored: StoredVoxels): Float64Array {
  const wide = stored instanceof BigInt64Array || stored instanceof BigUint64Array;
  return wide ? Float64Array.from(stored, Number) : new Float64Array(stored);
}

/** The voxels in the file's own type, copied, in this machine's byte order. */
function storedVoxels(content: Uint8Array, { datatype, littleEndian }: NiftiHeader): StoredVoxels {
  const bytes = Buffer.from(new Uint8Array(content).buffer);
  const TypedArray = VOXEL_ARRAYS[datatype];
  if (!littleEndian) {
    if (TypedArray.BYTES_PER_ELEMENT === 2) bytes.swap16();
    else if (TypedArray.BYTES_PER_ELEMENT === 4) bytes.swap32();
    else if (TypedArray.BYTES_PER_ELEMENT === 8) bytes.swap64();
  }
  return new TypedArray(bytes.buffer);
}

function inputDamaged(file: string, error: unknown): unknown {
  const facts = (reason: string, want: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause: error });
  if (error instanceof HeaderRefused) return facts(error.reason, error.want);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return facts("there is no such file", "present");
  if (code === "ERR_BUFFER_TOO_LARGE") return facts("it holds more voxels than its header says", "the header's size");
  if (code === "ERR_FS_FILE_TOO_LARGE") return facts("it is larger than 2 GiB", "smaller, or gzipped");
  if (code.startsWith("Z_")) return facts(`its gzip stream is damaged (${(error as Error).message})`, "whole");
  return error;
}
