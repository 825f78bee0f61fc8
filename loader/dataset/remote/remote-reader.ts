import type { ByteReader, ReadSizes } from "../bytes/byte-reader.js";
import { sha256 } from "../sha256.js";
import type { HttpReads } from "./http-reads.js";

/** A request takes as long as some hundred KiB, and each of many brings a share of the bandwidth. */
export const REMOTE_READS: ReadSizes = { bytes: 2 ** 21, gapBytes: 2 ** 18, atOnce: 6 };

/** Reads a remote store, each part where it is asked for. */
export function remoteReader(files: HttpReads): ByteReader {
  return {
    reads: REMOTE_READS,
    get: async (key, digest, likely) => knownBytes(digest, likely) ?? (await files.get(key)),
    use(key, _indexSha256, reading) {
      const read = async (target: Uint8Array, offset: number) => {
        const filled = await files.read(key, target, offset);
        if (filled < target.length) throw new Error(`it is cut short at byte ${offset + filled}`);
      };
      const readAgain = (target: Uint8Array, offset: number) => {
        files.counts.add("damagedReads");
        return read(target, offset);
      };
      return reading({ readEnd: (target) => files.readEnd(key, target), read, readAgain });
    },
  };
}

/** `likely`, where it has that SHA-256: then nobody has to be asked. */
export function knownBytes(digest: string | undefined, likely?: () => Uint8Array): Uint8Array | undefined {
  const bytes = digest === undefined ? undefined : likely?.();
  return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
}
