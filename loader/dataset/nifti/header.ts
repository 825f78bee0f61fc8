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

/** Bytes up to the end of the last voxel. */
export function contentBytes({ shape, datatype, voxelOffset }: NiftiHeader): number {
  return voxelOffset + shape.reduce((a, b) => a * b) * VOXEL_ARRAYS[datatype].BYTES_PER_ELEMENT;
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
  const { header, sform } = decodeHeader(bytes);
  const { dims } = header;
  const [rank, x = 0, y = 0, z = 0, t = 1] = dims as [number, ...number[]];
  if (!(rank >= 2 && rank < 8 && dims.slice(5, rank + 1).every((size) => size === 1))) {
    throw new HeaderRefused(`its header gives it ${rank} dimensions`, "2-D, 3-D, or 4-D with channels last");
  }
  const shape = [rank < 4 ? 1 : t, rank < 3 ? 1 : z, y, x] as const;
  if (!shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    const size = shape.toReversed().join("x");
    throw new HeaderRefused(`its header gives it the size ${size}`, "at least 1 on each axis");
  }
  if (!(header.datatypeCode in VOXEL_ARRAYS)) {
    throw new HeaderRefused(
      `its voxels have NIfTI datatype ${datatypeName(header.datatypeCode)}`,
      "an integer or real type",
    );
  }
  const { spacingMm, affine } = placement(header, sform, rank === 2);
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
    spacingMm,
    affine,
    datatype: header.datatypeCode as keyof typeof VOXEL_ARRAYS,
    littleEndian: header.littleEndian,
    slope,
    intercept,
    voxelOffset,
  };
}

/** The datatypes that are not read. */
const OTHER_DATATYPES: Readonly<Record<number, string>> = {
  1: "bits",
  32: "complex64",
  128: "RGB",
  1536: "float128",
  1792: "complex128",
  2048: "complex256",
  2304: "RGBA",
};

function datatypeName(code: number): string {
  const name = OTHER_DATATYPES[code];
  return name === undefined ? `${code}` : `${code} (${name})`;
}

interface DecodedHeader {
  readonly header: NIFTI1 | NIFTI2;
  /** Three rows of four; undefined where the header has none. */
  readonly sform: readonly number[] | undefined;
}

function decodeHeader(bytes: Uint8Array): DecodedHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = bytes.length < 4 ? [] : [view.getInt32(0, true), view.getInt32(0, false)];
  const length = [348, 540].find((size) => sizes.includes(size));
  if (length === undefined || bytes.length < length) {
    throw new HeaderRefused(
      `it ${otherFormat(bytes) ?? "does not begin with a NIfTI header"}`,
      "a NIfTI-1 or NIfTI-2 file",
    );
  }
  const header = length === 348 ? new NIFTI1() : new NIFTI2();
  const alone = new Uint8Array(length + 4);
  alone.set(bytes.subarray(0, length));
  header.readHeader(alone.buffer);
  if (!header.magic.startsWith("n+")) {
    throw new HeaderRefused("it is a header without its voxels (.hdr/.img)", "a single .nii or .nii.gz file");
  }
  return { header, sform: header.sform_code > 0 ? sformRows(header, alone) : undefined };
}

/** What a file that is no NIfTI is, where its first bytes say so. */
function otherFormat(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "is empty";
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "is gzipped twice";
  const text = new TextDecoder("latin1").decode(bytes);
  if (text.startsWith("version https://git-lfs")) return "is a Git LFS pointer, not the file that it stands for";
  if (/^\s*<(!doctype|html)/i.test(text)) return "is a web page";
  if (text.startsWith("NRRD")) return "is a NRRD file";
  if (/^(ObjectType|NDims)\s*=/.test(text)) return "is a MetaImage file (.mha)";
  if (text.slice(128, 132) === "DICM") return "is a DICOM file";
  return undefined;
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

/** Distance (mm) between the slices of which a 2-D image is one. */
export const FLAT_SPACING_MM = 999;

/**
 * Voxel sizes and the affine. A voxel size that is 0 or no number is taken from the sform's column; SimpleITK takes 1 mm, nibabel
 * keeps it. A 2-D image gets one voxel size along Z, far above any other, so that it counts as a slice: nnU-Net (simpleitk_reader_writer.py)
 * takes 999 times the coarser of the two others, which would resample images of different sizes differently along Z.
 */
function placement(
  header: NIFTI1 | NIFTI2,
  sform: DecodedHeader["sform"],
  flat: boolean,
): Pick<NiftiHeader, "spacingMm" | "affine"> {
  const millimetres = millimetresPerUnit(header.xyzt_units);
  const size = (axis: 1 | 2 | 3) => {
    if (flat && axis === 3) return FLAT_SPACING_MM / millimetres;
    const given = Math.abs(header.pixDims[axis] as number);
    if (sform === undefined || (Number.isFinite(given) && given > 0)) return given;
    return Math.hypot(...[0, 1, 2].map((row) => sform[4 * row + axis - 1] as number));
  };
  const sizes = [size(1), size(2), size(3)] as const;
  const spacing = sizes.map((each) => each * millimetres).toReversed();
  if (!spacing.every((each) => Number.isFinite(each) && each > 0)) {
    throw new HeaderRefused(`its header gives it the spacing ${spacing.join("x")}`, "above 0 mm on each axis");
  }
  const rows = sform ?? (header.qform_code > 0 ? qformRows(header, sizes) : plainRows(sizes));
  const affine = [...rows.map((value) => value * millimetres), 0, 0, 0, 1];
  if (!affine.every(Number.isFinite)) throw new HeaderRefused("its affine holds a NaN or infinity", "finite");
  if (!flat && isSingular(rows))
    throw new HeaderRefused("its sform lays different voxels on one place", "of three axes");
  return { spacingMm: spacing as unknown as Zyx, affine };
}

/** The share of the box spanned by three axes at which they count as lying in a plane. */
const SINGULAR = 1e-6;

/** Whether three rows of four map space onto a plane, a line or a point. */
function isSingular(rows: readonly number[]): boolean {
  const at = (row: number, column: number) => rows[4 * row + column] as number;
  const minor = (a: number, b: number) => at(1, a) * at(2, b) - at(1, b) * at(2, a);
  const volume = at(0, 0) * minor(1, 2) - at(0, 1) * minor(0, 2) + at(0, 2) * minor(0, 1);
  const box = [0, 1, 2].reduce((product, axis) => product * Math.hypot(at(0, axis), at(1, axis), at(2, axis)), 1);
  return !(Math.abs(volume) > SINGULAR * box);
}

/**
 * The sform, which goes before the qform whatever the two codes, as in nibabel and SimpleITK; nifti-reader-js prefers the higher
 * code, hence its bytes are read here (nifti1.h, nifti2.h: srow_x).
 */
function sformRows(header: NIFTI1 | NIFTI2, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  const number = (i: number) =>
    header instanceof NIFTI1
      ? view.getFloat32(280 + 4 * i, header.littleEndian)
      : view.getFloat64(400 + 8 * i, header.littleEndian);
  return Array.from({ length: 12 }, (_, i) => number(i));
}

/**
 * The quaternion's matrix is made here because rounding may push b^2+c^2+d^2 just above 1, where nifti-reader-js's first component
 * becomes NaN (nifti1.h: it is 0).
 */
function qformRows(header: NIFTI1 | NIFTI2, [sx, sy, sz]: readonly [number, number, number]): number[] {
  const { quatern_b: b, quatern_c: c, quatern_d: d, pixDims } = header;
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const k = (pixDims[0] as number) < 0 ? -sz : sz;
  return [
    [(a * a + b * b - c * c - d * d) * sx, 2 * (b * c - a * d) * sy, 2 * (b * d + a * c) * k, header.qoffset_x],
    [2 * (b * c + a * d) * sx, (a * a + c * c - b * b - d * d) * sy, 2 * (c * d - a * b) * k, header.qoffset_y],
    [2 * (b * d - a * c) * sx, 2 * (c * d + a * b) * sy, (a * a + d * d - c * c - b * b) * k, header.qoffset_z],
  ].flat();
}

function plainRows([sx, sy, sz]: readonly [number, number, number]): number[] {
  return [sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, sz, 0];
}
