import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";

export interface ItkToWrite {
  /** (Z,Y,X), (C,Z,Y,X) or (Y,X). */
  readonly shape: readonly number[];
  /** C order of `shape`, the values of one voxel side by side where there are several. */
  readonly values: ArrayLike<number>;
  readonly type?: "float32" | "uint8";
  readonly components?: number;
  readonly compressed?: boolean;
  /** (x,y,z) mm, as the formats have them. */
  readonly spacing?: readonly number[];
  /** (x,y,z) mm in LPS. */
  readonly origin?: readonly number[];
  /** Row-major 3x3: column i is the direction of axis i in LPS. */
  readonly direction?: readonly number[];
}

/** Writes a MetaImage (.mha) or NRRD (.nrrd) file by the formats' own descriptions; folders are made. */
export function writeItk(path: string, file: ItkToWrite): void {
  mkdirSync(dirname(path), { recursive: true });
  const { type = "float32", compressed = false } = file;
  const voxels = type === "float32" ? Float32Array.from(file.values) : Uint8Array.from(file.values);
  const bytes = Buffer.from(voxels.buffer);
  const isNrrd = path.endsWith(".nrrd");
  const stored = !compressed ? bytes : isNrrd ? gzipSync(bytes) : deflateSync(bytes);
  const lines = isNrrd ? nrrdLines(file, type, compressed) : metaImageLines(file, type, compressed, stored.length);
  writeFileSync(path, Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join("")), stored]));
}

function metaImageLines(file: ItkToWrite, type: string, compressed: boolean, bytes: number): string[] {
  const axes = file.shape.length;
  const { direction, origin, spacing } = placed(file);
  const columns = direction.map((_, i) => direction[(i % axes) * axes + Math.floor(i / axes)]);
  return [
    "ObjectType = Image",
    `NDims = ${axes}`,
    "BinaryData = True",
    "BinaryDataByteOrderMSB = False",
    `CompressedData = ${compressed ? "True" : "False"}`,
    ...(compressed ? [`CompressedDataSize = ${bytes}`] : []),
    `TransformMatrix = ${columns.join(" ")}`,
    `Offset = ${origin.join(" ")}`,
    `ElementSpacing = ${spacing.join(" ")}`,
    `DimSize = ${file.shape.toReversed().join(" ")}`,
    ...(file.components === undefined ? [] : [`ElementNumberOfChannels = ${file.components}`]),
    `ElementType = ${type === "float32" ? "MET_FLOAT" : "MET_UCHAR"}`,
    "ElementDataFile = LOCAL",
  ];
}

function nrrdLines(file: ItkToWrite, type: string, compressed: boolean): string[] {
  const { direction, origin, spacing } = placed(file);
  const axes = file.shape.length;
  const vectors = spacing.map((step, axis) => {
    return `(${spacing.map((_, row) => (direction[row * axes + axis] ?? 0) * step).join(",")})`;
  });
  const several = file.components === undefined ? [] : [file.components];
  return [
    "NRRD0004",
    `type: ${type === "float32" ? "float" : "uchar"}`,
    `dimension: ${axes + several.length}`,
    "space: left-posterior-superior",
    `sizes: ${[...several, ...file.shape.toReversed()].join(" ")}`,
    `space directions: ${[...several.map(() => "none"), ...vectors].join(" ")}`,
    `kinds: ${[...several.map(() => "vector"), ...vectors.map(() => "domain")].join(" ")}`,
    "endian: little",
    `encoding: ${compressed ? "gzip" : "raw"}`,
    `space origin: (${origin.join(",")})`,
    "",
  ];
}

function placed(file: ItkToWrite): Required<Pick<ItkToWrite, "direction" | "origin" | "spacing">> {
  const axes = file.shape.length;
  const unit = Array.from({ length: axes * axes }, (_, i) => Number(i % axes === Math.floor(i / axes)));
  const { spacing = file.shape.map(() => 1), origin = file.shape.map(() => 0), direction = unit } = file;
  return { spacing, origin, direction };
}
