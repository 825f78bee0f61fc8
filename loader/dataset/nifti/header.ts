import { NIFTI1, NIFTI2 } from "nifti-reader-js";
import type { Zyx } from "../../../plan/zyx.js";

/** Bytes to hand to `parseHeader`: the longer of the two headers and the four bytes that follow it. */
export const HEADER_BYTES = 544;

/** The NIfTI datatypes that we read, by code, as they lie in memory on this machine (little-endian). */
export const VOXEL_ARRAYS = {
  2: Uint8Array,
  4: Int16Array,
  8: Int32Array,
  16: Float32Array,
  64: Float64Array,
  256: Int8Array,
  512: Uint16Array,
  768: Uint32Array,
  1024: BigInt64Array,
  1280: BigUint64Array,
} as const;

/** What we keep of a NIfTI header. Its texts (description, names) are left behind on purpose. */
export interface NiftiHeader {
  /** (C,Z,Y,X): the file's (t,z,y,x). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly spacingMm: Zyx;
  /** Row-major 4x4 voxel (x,y,z) to world (mm). */
  readonly affine: readonly number[];
  readonly datatype: keyof typeof VOXEL_ARRAYS;
  readonly littleEndian: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** Byte at which the voxels begin. */
  readonly voxelOffset: number;
}

/** Why a header is refused, and what would be right. */
export class HeaderRefused extends Error {
  constructor(
    readonly reason: string,
    readonly want: string,
  ) {
    super(`${reason}; it must be ${want}`);
  }
}

/**
 * Reads a NIfTI-1 or NIfTI-2 header (single file) of either byte order from the first `HEADER_BYTES` bytes, or fewer
 * where the file ends. Header extensions are skipped unread. Throws HeaderRefused.
 */
export function parseHeader(bytes: Uint8Array): NiftiHeader {
  const header = decodeHeader(bytes);
  const { dims, pixDims } = header;
  const [rank, x = 0, y = 0, z = 0, t = 1] = dims as [number, ...number[]];
  if (!(rank === 3 || rank === 4 || (rank > 4 && rank < 8 && dims.slice(5, rank + 1).every((size) => size === 1)))) {
    throw new HeaderRefused(`its header gives it ${rank} dimensions`, "a 3-D volume, or 4-D with channels last");
  }
  const channels = rank === 3 ? 1 : t;
  const shape = [channels, z, y, x] as const;
  if (!shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new HeaderRefused(`its header gives it the size ${[x, y, z, channels].join("x")}`, "at least 1 on each axis");
  }
  if (!(header.datatypeCode in VOXEL_ARRAYS)) {
    throw new HeaderRefused(`its voxels have NIfTI datatype ${header.datatypeCode}`, "an integer or real type");
  }
  const millimetres = millimetresPerUnit(header.xyzt_units);
  const spacing = [pixDims[3], pixDims[2], pixDims[1]].map((size) => Math.abs(size as number) * millimetres);
  if (!spacing.every((size) => Number.isFinite(size) && size > 0)) {
    throw new HeaderRefused(`its header gives it the spacing ${spacing.join("x")}`, "above 0 mm on each axis");
  }
  const affine = voxelToWorld(header).map((value, i) => (i < 12 ? value * millimetres : value));
  if (!affine.every(Number.isFinite)) throw new HeaderRefused("its affine holds a NaN or infinity", "finite");
  const unscaled = header.scl_slope === 0 || Number.isNaN(header.scl_slope);
  const slope = unscaled ? 1 : header.scl_slope;
  const intercept = unscaled ? 0 : header.scl_inter;
  if (!Number.isFinite(slope) || !Number.isFinite(intercept)) {
    throw new HeaderRefused(`its scaling is ${slope} and ${intercept}`, "finite");
  }
  const headerBytes = header instanceof NIFTI1 ? 352 : 544;
  const voxelOffset = header.vox_offset === 0 ? headerBytes : Math.round(header.vox_offset);
  if (!(voxelOffset >= headerBytes && voxelOffset < 2 ** 31)) {
    throw new HeaderRefused(`its voxels begin at byte ${header.vox_offset}`, "a place inside the file");
  }
  return {
    shape,
    spacingMm: spacing as unknown as Zyx,
    affine,
    datatype: header.datatypeCode as keyof typeof VOXEL_ARRAYS,
    littleEndian: header.littleEndian,
    slope,
    intercept,
    voxelOffset,
  };
}

function decodeHeader(bytes: Uint8Array): NIFTI1 | NIFTI2 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = bytes.length < 4 ? [] : [view.getInt32(0, true), view.getInt32(0, false)];
  const length = [348, 540].find((size) => sizes.includes(size));
  if (length === undefined || bytes.length < length) {
    throw new HeaderRefused("it does not begin with a NIfTI header", "a NIfTI-1 or NIfTI-2 file");
  }
  const header = length === 348 ? new NIFTI1() : new NIFTI2();
  const alone = new Uint8Array(length + 4);
  alone.set(bytes.subarray(0, length));
  header.readHeader(alone.buffer);
  if (!header.magic.startsWith("n+")) {
    throw new HeaderRefused("it is a header without its voxels (.hdr/.img)", "a single .nii or .nii.gz file");
  }
  return header;
}

/** ITK and NIfTI count in mm; files may say metres or microns. */
function millimetresPerUnit(units: number): number {
  switch (units & 7) {
    case 1:
      return 1000;
    case 3:
      return 0.001;
    default:
      return 1;
  }
}

/**
 * The header's sform, qform or plain voxel sizes, in nifti-reader-js's order of preference. The quaternion's matrix is made
 * here because rounding may push b^2+c^2+d^2 just above 1, where the library's first component becomes NaN (nifti1.h: it is 0).
 */
function voxelToWorld(header: NIFTI1 | NIFTI2): number[] {
  const fromQuaternion = header.qform_code > 0 && header.sform_code < header.qform_code;
  if (!fromQuaternion) return header.affine.flat();
  const { quatern_b: b, quatern_c: c, quatern_d: d, pixDims } = header;
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const [sign = 1, sx = 1, sy = 1, sz = 1] = pixDims;
  const k = sign < 0 ? -sz : sz;
  return [
    [(a * a + b * b - c * c - d * d) * sx, 2 * (b * c - a * d) * sy, 2 * (b * d + a * c) * k, header.qoffset_x],
    [2 * (b * c + a * d) * sx, (a * a + c * c - b * b - d * d) * sy, 2 * (c * d - a * b) * k, header.qoffset_y],
    [2 * (b * d - a * c) * sx, 2 * (c * d + a * b) * sy, (a * a + d * d - c * c - b * b) * k, header.qoffset_z],
    [0, 0, 0, 1],
  ].flat();
}
