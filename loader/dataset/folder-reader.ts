import { open } from "node:fs/promises";
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
    get: (key) => read(join(folder, key), () => ({ offset: 0 })),
    getRange: (key, range) =>
      read(join(folder, key), (bytes) => ("length" in range ? range : { offset: bytes - range.suffixLength })),
  };
}

/** The bytes of a file from an offset on, to its end where no length is given; undefined where there is no such file. */
async function read(
  path: string,
  place: (fileBytes: number) => { readonly offset: number; readonly length?: number },
): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path);
    const fileBytes = (await file.stat()).size;
    const { offset, length = fileBytes - offset } = place(fileBytes);
    if (offset < 0 || offset + length > fileBytes) throw new Error(`it is cut short at byte ${fileBytes}`);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) throw new Error(`it is cut short at byte ${offset + at}`);
      at += bytesRead;
    }
    return bytes;
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
      if (offset < 0 || offset + length > bytes.length) throw new Error(`it is cut short at byte ${bytes.length}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}
