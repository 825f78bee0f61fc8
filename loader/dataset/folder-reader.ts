import { open, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Which bytes of a file: from an offset, or the last ones. */
export type ByteRange = { readonly offset: number; readonly length: number } | { readonly suffixLength: number };

/** Where a store's bytes come from. Keys begin with "/"; undefined where there is no such file. This is what zarrita reads from. */
export interface ByteReader {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Exactly the range; throws where the file ends before it. */
  getRange(key: string, range: ByteRange): Promise<Uint8Array | undefined>;
}

/** Reads a store that lies in a folder. */
export function folderReader(folder: string): ByteReader {
  return {
    get: (key) => unlessMissing(readWhole(join(folder, key))),
    getRange: (key, range) => unlessMissing(readRange(join(folder, key), range)),
  };
}

/** A plain array over the Buffer's bytes: zarrita realigns with `slice`, which copies for one and not for the other. */
async function readWhole(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, length } = await readFile(path);
  return new Uint8Array(buffer, byteOffset, length);
}

async function readRange(path: string, range: ByteRange): Promise<Uint8Array> {
  await using file = await open(path);
  const length = "length" in range ? range.length : range.suffixLength;
  const offset = "length" in range ? range.offset : (await file.stat()).size - length;
  if (offset < 0) throw new Error(`it is shorter than ${length} bytes`);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) throw new Error(`it ends before byte ${offset + length}`);
    at += bytesRead;
  }
  return bytes;
}

async function unlessMissing(reading: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The same files, each read whole the first time a part of it is asked for: one read where every chunk is wanted. */
export function readingWholeFiles(reader: ByteReader): ByteReader {
  const files = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    get: reader.get,
    async getRange(key, range) {
      const file = files.get(key) ?? reader.get(key);
      files.set(key, file);
      const bytes = await file;
      if (bytes === undefined) return undefined;
      const length = "length" in range ? range.length : range.suffixLength;
      const offset = "length" in range ? range.offset : bytes.length - length;
      if (offset < 0 || offset + length > bytes.length) throw new Error(`it ends before byte ${offset + length}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}
