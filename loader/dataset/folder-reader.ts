import { closeSync, fstatSync, openSync, read } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where a store's bytes come from. Keys begin with "/". */
export interface ByteReader {
  /** A whole file; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** What `reading` makes of a file that stays open meanwhile. Throws where there is none. */
  use<Value>(key: string, reading: (file: OpenFile) => Promise<Value>): Promise<Value>;
}

export interface OpenFile {
  readonly byteLength: number;
  /** Fills `target` with the bytes from `offset` on. Throws where the file ends before. */
  read(target: Uint8Array, offset: number): Promise<void>;
}

/** Reads a store that lies in a folder. */
export function folderReader(folder: string): ByteReader {
  return {
    async get(key) {
      return readFile(join(folder, key)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
    },
    async use(key, reading) {
      const file = openFile(join(folder, key), key);
      try {
        const byteLength = fstatSync(file).size;
        return await reading({ byteLength, read: (target, offset) => fill(file, target, offset) });
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Opening and closing take microseconds; as promises they took more than half of the time that a small box takes. */
function openFile(path: string, key: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw isMissing(error) ? new Error(`${key} is missing`, { cause: error }) : error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

async function fill(file: number, target: Uint8Array, offset: number): Promise<void> {
  if (offset < 0) throw new Error("it is cut short");
  for (let at = 0; at < target.length; ) {
    const count = await readSome(file, target.subarray(at), offset + at);
    if (count === 0) throw new Error(`it is cut short at byte ${offset + at}`);
    at += count;
  }
}

/** With a callback, which takes half as long as a FileHandle's promise. */
function readSome(file: number, target: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, target, 0, target.length, offset, (error, count) => (error ? reject(error) : resolve(count)));
  });
}
