import { crc32 } from "../../checksum/crc.js";
import { PatchstreamError } from "../../plan/errors.js";

export interface ZipEntry {
  readonly name: string;
  /** Its content, one piece after the other. */
  readonly pieces: readonly Uint8Array[];
}

/** Where a plain ZIP ends; beyond it other fields would be needed. */
const MOST_BYTES = 2 ** 32 - 1;
/** 1 January 1980, the first date that the format has: the same content is the same bytes. */
const DATE = 0x21;
const VERSION = 20;

/** A ZIP file whose entries are stored as they are, as pieces to write one after the other. Throws LIMIT_EXCEEDED from 4 GiB on. */
export function storedZip(entries: readonly ZipEntry[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, pieces: content } of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    common(local, 4, name, content);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(VERSION, 4);
    common(central, 6, name, content);
    central.writeUInt32LE(at, 42);
    pieces.push(local, Buffer.from(name), ...content);
    directory.push(central, Buffer.from(name));
    at += local.length + Buffer.byteLength(name) + lengthOf(content);
    if (at > MOST_BYTES)
      throw new PatchstreamError({
        code: "LIMIT_EXCEEDED",
        limit: "bytes of a file of weights",
        got: at,
        max: MOST_BYTES,
      });
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, piece) => sum + piece.length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return [...pieces, ...directory, end];
}

/** The fields that both headers of an entry have, from `at` on. */
function common(header: Buffer, at: number, name: string, content: readonly Uint8Array[]): void {
  const checksum = content.reduce((sum, piece) => crc32(piece, sum), 0);
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(DATE, at + 8);
  header.writeUInt32LE(checksum, at + 10);
  header.writeUInt32LE(lengthOf(content), at + 14);
  header.writeUInt32LE(lengthOf(content), at + 18);
  header.writeUInt16LE(Buffer.byteLength(name), at + 22);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
