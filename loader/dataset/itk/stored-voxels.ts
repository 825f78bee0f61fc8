import { basename, dirname, join } from "node:path";
import { HeaderRefused } from "../nifti/header.js";

/** Where the voxels of a MetaImage or NRRD file lie, as its text header says. */
export interface StoredVoxels {
  /** The file itself, or the one beside it that holds the voxels. */
  readonly file: string;
  /** Byte of `file` at which they begin; undefined where the header moves them in a way that is left to ITK. */
  readonly offset: number | undefined;
  /** A zlib or gzip stream, which can be checked to its end. */
  readonly deflated: boolean;
  /** Voxels that the header promises. */
  readonly count: number;
}

/** Bytes that hold any header; MetaImage and NRRD headers are a few hundred bytes of text. */
export const TEXT_HEADER_BYTES = 2 ** 16;

/** Reads the text header at the start of `path` (.mha, .mhd, .nrrd or .nhdr). Throws HeaderRefused. */
export function findVoxels(path: string, start: string): StoredVoxels {
  return /\.n(rrd|hdr)$/i.test(path) ? inNrrd(path, start) : inMetaImage(path, start);
}

/** MetaImage: lines of `Key = value`, of which ElementDataFile is the last. */
function inMetaImage(path: string, start: string): StoredVoxels {
  const header = /^(?:[^\n]*\n)*?ElementDataFile *=[^\n]*(?:\n|$)/.exec(start)?.[0];
  if (header === undefined || !/^\w+ *= /.test(header)) {
    throw new HeaderRefused("it does not begin with a MetaImage header", "a MetaImage file (.mha, .mhd)");
  }
  const value = (key: string) => new RegExp(`^${key} *= *(.*?)\\s*$`, "im").exec(header)?.[1];
  const isLocal = value("ElementDataFile")?.toUpperCase() === "LOCAL";
  const isMoved = !/^(0|undefined)$/.test(`${value("HeaderSize")}`);
  return {
    file: isLocal ? path : beside(path, value("ElementDataFile")),
    offset: isMoved ? undefined : isLocal ? header.length : 0,
    deflated: value("CompressedData")?.toLowerCase() === "true",
    count: product(value("DimSize")),
  };
}

/** NRRD: lines of `key: value` up to an empty one, after which the voxels begin where no other file has them. */
function inNrrd(path: string, start: string): StoredVoxels {
  const header = /^NRRD000\d\r?\n(?:[^\r\n]+\r?\n)*(?:\r?\n|$)/.exec(start)?.[0];
  if (header === undefined)
    throw new HeaderRefused("it does not begin with an NRRD header", "an NRRD file (.nrrd, .nhdr)");
  const value = (key: string) => new RegExp(`^${key}: *(.*?)\\s*$`, "im").exec(header)?.[1];
  const other = value("data ?file");
  const isMoved = value("(?:line|byte) ?skip") !== undefined;
  return {
    file: other === undefined ? path : beside(path, other),
    offset: isMoved ? undefined : other === undefined ? header.length : 0,
    deflated: /^gz(ip)?$/i.test(value("encoding") ?? ""),
    count: product(value("sizes")),
  };
}

/** Only the header's own folder is opened to ITK, hence a path that leaves it is refused. */
function beside(path: string, name: string | undefined): string {
  if (name === undefined || basename(name) !== name || name === ".." || /%|^LIST\b/.test(name)) {
    throw new HeaderRefused(
      `its voxels lie in ${JSON.stringify(name)}`,
      "one file, or a header and one file beside it",
    );
  }
  return join(dirname(path), name);
}

function product(sizes: string | undefined): number {
  const count = (sizes ?? "")
    .trim()
    .split(/\s+/)
    .map(Number)
    .reduce((a, b) => a * b, 1);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new HeaderRefused(`its header gives it the size ${JSON.stringify(sizes)}`, "at least 1 on each axis");
}
