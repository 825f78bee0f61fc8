import { importUserModule, type WantedModule } from "../../../disk/user-module.js";
import type { ByteReader, ReadSizes } from "./byte-reader.js";

const WANTED: WantedModule = {
  exports: "openReader", // called once a thread, in each thread that cuts
  want: "a module whose openReader(place) gives a ByteReader",
  page: "docs/how-to/extend-the-store-reader.md",
};

/** Imports the module at `url` and opens `place` with it. Throws INPUT_DAMAGED where the module is no reader, or fails. */
export async function openReaderModule(url: string, place: string): Promise<ByteReader> {
  const { open, refused } = await importUserModule(url, WANTED);
  const reader = (await open(place)) as Partial<ByteReader> | undefined;
  if (typeof reader?.get !== "function" || typeof reader.use !== "function")
    throw refused("what openReader gives has no get and use");
  if (!areReadSizes(reader.reads)) throw refused("what openReader gives has no reads: bytes, gapBytes and atOnce");
  return reader as ByteReader;
}

function areReadSizes(reads: ReadSizes | undefined): boolean {
  const { bytes = 0, gapBytes = -1, atOnce = 0 } = reads ?? {};
  return [bytes, gapBytes, atOnce].every(Number.isInteger) && bytes > 0 && gapBytes >= 0 && atOnce > 0;
}

/** The reader of a module that was opened before, in another thread perhaps: it is opened when it is first read from. */
export function moduleReader(url: string, place: string, reads: ReadSizes): ByteReader {
  let opening: Promise<ByteReader> | undefined;
  const opened = () => {
    opening ??= openReaderModule(url, place);
    return opening;
  };
  return {
    reads,
    get: async (...wanted) => (await opened()).get(...wanted),
    use: async (...wanted) => (await opened()).use(...wanted),
  };
}
