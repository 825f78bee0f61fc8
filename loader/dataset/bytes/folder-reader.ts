import { closeSync, fstatSync, openSync, read } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteReader, ReadSizes } from "./byte-reader.js";

/** While one read is decoded, the disk has others to do. */
const READS: ReadSizes = { bytes: 2 ** 18, gapBytes: 2 ** 15, atOnce: 4 };

/** Reads a store that lies in a folder. */
export function folderReader(folder: string): ByteReader {
  return {
    reads: READS,
    async get(key) {
      return readFile(join(folder, key)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
    },
    async use(key, _indexSha256, reading) {
      const file = openFile(join(folder, key), key);
      try {
        return await reading({
          async readEnd(target) {
            const { size } = fstatSync(file);
            await fill(file, target, size - target.length);
            return size;
          },
          read: (target, offset) => fill(file, target, offset),
        });
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
