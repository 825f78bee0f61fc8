import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { PatchstreamError } from "../../../plan/errors.js";
import { HEADER_BYTES, HeaderRefused, type NiftiHeader, parseHeader, voxelBytes } from "./header.js";

/** A volume of this many voxels fills an arena (4 GiB of float32). */
const MOST_VOXELS = 2 ** 30;
/** Deflate cannot pack more than this many bytes into one (zlib's documentation). */
const DEFLATE_RATIO = 1032;
/** Compressed bytes that hold a header even where deflate found nothing to save. */
const HEADER_PEEK_BYTES = 4096;

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

function contentBytes(header: NiftiHeader): number {
  return header.voxelOffset + header.shape.reduce((a, b) => a * b) * voxelBytes(header);
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
  return gunzipSync(file, { maxOutputLength: bytes + 1 });
}

function decodeVoxels(bytes: Buffer, header: NiftiHeader): Float32Array {
  const count = header.shape.reduce((a, b) => a * b);
  if (count > MOST_VOXELS) throw new HeaderRefused(`it has ${count} voxels`, `at most ${MOST_VOXELS} voxels`);
  const stored = storedNumbers(bytes.subarray(header.voxelOffset), header);
  const { slope, intercept } = header;
  const voxels = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = (stored[i] as number) * slope + intercept;
    voxels[i] = value;
    if (!Number.isFinite(voxels[i]))
      throw new HeaderRefused(`voxel ${i} is ${value}`, "finite (as a float32) everywhere");
  }
  return voxels;
}

/** The voxels as they are stored, before slope and intercept. */
function storedNumbers(stored: Uint8Array, header: NiftiHeader): Float64Array {
  const bytes = Buffer.from(new Uint8Array(stored).buffer);
  const width = voxelBytes(header);
  if (!header.littleEndian) {
    if (width === 2) bytes.swap16();
    else if (width === 4) bytes.swap32();
    else if (width === 8) bytes.swap64();
  }
  const { buffer } = bytes;
  switch (header.datatype) {
    case 2:
      return new Float64Array(new Uint8Array(buffer));
    case 4:
      return new Float64Array(new Int16Array(buffer));
    case 8:
      return new Float64Array(new Int32Array(buffer));
    case 16:
      return new Float64Array(new Float32Array(buffer));
    case 64:
      return new Float64Array(buffer);
    case 256:
      return new Float64Array(new Int8Array(buffer));
    case 512:
      return new Float64Array(new Uint16Array(buffer));
    case 768:
      return new Float64Array(new Uint32Array(buffer));
    case 1024:
      return Float64Array.from(new BigInt64Array(buffer), Number);
    default:
      return Float64Array.from(new BigUint64Array(buffer), Number);
  }
}

function inputDamaged(file: string, error: unknown): unknown {
  const facts = (reason: string, want: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause: error });
  if (error instanceof HeaderRefused) return facts(error.reason, error.want);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return facts("there is no such file", "present");
  if (code === "ERR_BUFFER_TOO_LARGE") return facts("it holds more voxels than its header says", "the header's size");
  if (code.startsWith("Z_")) return facts(`its gzip stream is damaged (${(error as Error).message})`, "whole");
  return error;
}
