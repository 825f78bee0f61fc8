import { createHash } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import { crc32 } from "../checksum/crc.js";
import { PatchstreamError } from "../plan/errors.js";

/** Metadata of a message's CRC-32 (zlib's), four bytes little-endian: in the headers for a request, in the trailers for an answer. */
const CHECKSUM_KEY = "patchstream-crc32-bin";

/** SHA-256, 32 bytes: what `spec_sha256` and `received_sha256` hold of a spec. */
export function sha256(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

/** Adds the checksum of an encoded message. */
export function setChecksum(metadata: Metadata, bytes: Uint8Array): void {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(bytes));
  metadata.set(CHECKSUM_KEY, checksum);
}

/** Whether a checksum was sent. Throws MESSAGE_DAMAGED for an encoded message that is not the one whose checksum it is. */
export function verifyChecksum(metadata: Metadata, bytes: Uint8Array, what: string): boolean {
  const [sent] = metadata.get(CHECKSUM_KEY);
  if (sent === undefined) return false;
  const matches = sent instanceof Buffer && sent.length === 4 && sent.readUInt32LE() === crc32(bytes);
  if (!matches) throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what });
  return true;
}
