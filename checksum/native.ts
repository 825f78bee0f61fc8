import { createRequire } from "node:module";

/** How CRCs are computed. All results are unsigned; memory may be shared. */
export interface Crcs {
  /** zlib's CRC-32. `previous` is that of the bytes before these. */
  crc32(bytes: Uint8Array | string, previous?: number): number;
  /** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
  crc32c(bytes: Uint8Array): number;
}

/**
 * `@node-rs/crc32`, which uses the processor's own instructions, or undefined: it is optional, and there is not one for every
 * platform. One that answers the check value of CRC catalogues wrongly is not used either.
 */
export function loadNative(): Crcs | undefined {
  const check = Buffer.from("123456789");
  try {
    const native: Crcs = createRequire(import.meta.url)("@node-rs/crc32");
    return native.crc32(check) === 0xcbf43926 && native.crc32c(check) === 0xe3069283 ? native : undefined;
  } catch {
    return undefined; // not installed, or its binary does not load here
  }
}
