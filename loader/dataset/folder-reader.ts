import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

/** Which bytes of a file: from an offset, or the last ones. */
export type ByteRange = { readonly offset: number; readonly length: number } | { readonly suffixLength: number };

/**
 * Where a store's bytes come from. Keys begin with "/"; undefined where there is no such file. This is what zarrita
 * reads from.
 */
export interface ByteReader {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Exactly the range; throws where the file ends before it. */
  getRange(key: string, range: ByteRange): Promise<Uint8Array | undefined>;
}

/** Reads a store that lies in a folder. */
export function folderReader(folder: string): ByteReader {
  const files = new OpenFiles();
  return {
    get: (key) => files.use(join(folder, key), (file) => read(file, () => ({ offset: 0 }))),
    getRange: (key, range) =>
      files.use(join(folder, key), (file) =>
        read(file, (bytes) => ("length" in range ? range : { offset: bytes - range.suffixLength })),
      ),
  };
}

/** Files that are being read: opened by the first read of several at a time and closed after the last. */
class OpenFiles {
  readonly #files = new Map<string, { readonly opening: Promise<FileHandle>; readers: number }>();

  /** What `reading` makes of the file; undefined where there is no such file. */
  async use<Value>(path: string, reading: (file: FileHandle) => Promise<Value>): Promise<Value | undefined> {
    const shared = this.#files.get(path) ?? { opening: open(path), readers: 0 };
    this.#files.set(path, shared);
    shared.readers++;
    try {
      return await reading(await shared.opening);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    } finally {
      shared.readers--;
      if (shared.readers === 0) {
        this.#files.delete(path);
        await shared.opening.then(
          (file) => file.close(),
          () => undefined,
        );
      }
    }
  }
}

/** The bytes from an offset on, to the file's end where no length is given. */
async function read(
  file: FileHandle,
  place: (fileBytes: number) => { readonly offset: number; readonly length?: number },
): Promise<Uint8Array> {
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
