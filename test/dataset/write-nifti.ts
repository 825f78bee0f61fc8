import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";

/** NIfTI datatype codes by name, with bytes a voxel and how DataView writes one. */
export const DATATYPES = {
  uint8: { code: 2, bytes: 1, set: "setUint8" },
  int16: { code: 4, bytes: 2, set: "setInt16" },
  int32: { code: 8, bytes: 4, set: "setInt32" },
  float32: { code: 16, bytes: 4, set: "setFloat32" },
  float64: { code: 64, bytes: 8, set: "setFloat64" },
  int8: { code: 256, bytes: 1, set: "setInt8" },
  uint16: { code: 512, bytes: 2, set: "setUint16" },
  uint32: { code: 768, bytes: 4, set: "setUint32" },
  int64: { code: 1024, bytes: 8, set: "setBigInt64" },
  uint64: { code: 1280, bytes: 8, set: "setBigUint64" },
} as const;

export type Datatype = keyof typeof DATATYPES;

export interface NiftiToWrite {
  /** (Z,Y,X), (C,Z,Y,X) for a 4-D file, or (Y,X) for a 2-D one. */
  readonly shape: readonly number[];
  /** C order of `shape`; a default phantom has value i at voxel i. */
  readonly values?: ArrayLike<number>;
  readonly datatype?: Datatype;
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly slope?: number;
  readonly intercept?: number;
  /** (Z,Y,X) mm. */
  readonly spacingMm?: readonly number[];
  /** Three rows of four; written as the sform. */
  readonly sform?: readonly (readonly number[])[];
  /** The quaternion's b, c, d and the offset; written as the qform. */
  readonly qform?: { readonly bcd: readonly number[]; readonly offset: readonly number[]; readonly sign?: number };
  /** Their codes; 1 where there is one. */
  readonly sformCode?: number;
  readonly qformCode?: number;
  readonly units?: number;
  readonly description?: string;
}

/** The bytes of a NIfTI file, laid out from nifti1.h and nifti2.h and by nothing of the reader's. */
export function niftiBytes(file: NiftiToWrite): Buffer {
  const { shape, version = 1, littleEndian: little = true, datatype = "int16" } = file;
  const { code, bytes, set } = DATATYPES[datatype];
  const count = shape.reduce((a, b) => a * b, 1);
  const voxelsAt = version === 1 ? 352 : 544;
  const buffer = Buffer.alloc(voxelsAt + count * bytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const dims = [shape.length, ...shape.toReversed()];
  const pixDims = [file.qform?.sign ?? 1, ...(file.spacingMm ?? [1, 1, 1]).toReversed()];
  const put = version === 1 ? putNifti1 : putNifti2;
  put(view, buffer, file, { dims, pixDims, code, bits: 8 * bytes, voxelsAt, little });
  for (let i = 0; i < count; i++) {
    const value = file.values?.[i] ?? i;
    const at = voxelsAt + i * bytes;
    if (set === "setBigInt64" || set === "setBigUint64") view[set](at, BigInt(value), little);
    else view[set](at, value, little);
  }
  return buffer;
}

/** Writes the file, gzipped where its name ends in .gz; folders are made. */
export function writeNifti(path: string, file: NiftiToWrite): void {
  mkdirSync(dirname(path), { recursive: true });
  const bytes = niftiBytes(file);
  writeFileSync(path, path.endsWith(".gz") ? gzipSync(bytes) : bytes);
}

interface Layout {
  readonly dims: readonly number[];
  readonly pixDims: readonly number[];
  readonly code: number;
  readonly bits: number;
  readonly voxelsAt: number;
  readonly little: boolean;
}

function putNifti1(view: DataView, buffer: Buffer, file: NiftiToWrite, layout: Layout): void {
  const { dims, pixDims, code, bits, voxelsAt, little } = layout;
  view.setInt32(0, 348, little);
  for (let i = 0; i < 8; i++) view.setInt16(40 + 2 * i, dims[i] ?? 1, little);
  view.setInt16(70, code, little);
  view.setInt16(72, bits, little);
  for (let i = 0; i < 8; i++) view.setFloat32(76 + 4 * i, pixDims[i] ?? 1, little);
  view.setFloat32(108, voxelsAt, little);
  view.setFloat32(112, file.slope ?? 0, little);
  view.setFloat32(116, file.intercept ?? 0, little);
  view.setUint8(123, file.units ?? 2);
  buffer.write(file.description ?? "", 148, "latin1");
  view.setInt16(252, file.qformCode ?? (file.qform ? 1 : 0), little);
  view.setInt16(254, file.sformCode ?? (file.sform ? 1 : 0), little);
  for (const [i, value] of [...(file.qform?.bcd ?? []), ...(file.qform?.offset ?? [])].entries()) {
    view.setFloat32(256 + 4 * i, value, little);
  }
  for (const [i, value] of (file.sform ?? []).flat().entries()) view.setFloat32(280 + 4 * i, value, little);
  buffer.write("n+1\0", 344, "latin1");
}

function putNifti2(view: DataView, buffer: Buffer, file: NiftiToWrite, layout: Layout): void {
  const { dims, pixDims, code, bits, voxelsAt, little } = layout;
  view.setInt32(0, 540, little);
  buffer.write("n+2\0\r\n\x1a\n", 4, "latin1");
  view.setInt16(12, code, little);
  view.setInt16(14, bits, little);
  for (let i = 0; i < 8; i++) view.setBigInt64(16 + 8 * i, BigInt(dims[i] ?? 1), little);
  for (let i = 0; i < 8; i++) view.setFloat64(104 + 8 * i, pixDims[i] ?? 1, little);
  view.setBigInt64(168, BigInt(voxelsAt), little);
  view.setFloat64(176, file.slope ?? 0, little);
  view.setFloat64(184, file.intercept ?? 0, little);
  buffer.write(file.description ?? "", 240, "latin1");
  view.setInt32(344, file.qformCode ?? (file.qform ? 1 : 0), little);
  view.setInt32(348, file.sformCode ?? (file.sform ? 1 : 0), little);
  for (const [i, value] of [...(file.qform?.bcd ?? []), ...(file.qform?.offset ?? [])].entries()) {
    view.setFloat64(352 + 8 * i, value, little);
  }
  for (const [i, value] of (file.sform ?? []).flat().entries()) view.setFloat64(400 + 8 * i, value, little);
  view.setInt32(500, file.units ?? 2, little);
}
