import { gunzipSync } from "node:zlib";
import { registry } from "zarrita";
import { crc32c } from "./crc32c.js";

/** Zarr v3's crc32c codec: hands on the bytes before the checksum, or throws when it does not match them. */
const verifyingCrc32c = readingCodec({
  decode(bytes) {
    const end = bytes.length - 4;
    if (end < 0) throw new Error("it is too short to hold a checksum");
    const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
    const content = bytes.subarray(0, end);
    if (crc32c(content) !== stored) throw new Error("its CRC-32C does not match its bytes");
    return content;
  },
  computeEncodedSize: (decodedBytes: number) => decodedBytes + 4,
});

/** Zarr v3's gzip codec; in one call where zarrita's goes through a stream for each chunk. */
const gzip = readingCodec({
  decode(bytes) {
    const { buffer, byteOffset, length } = gunzipSync(bytes);
    return new Uint8Array(buffer, byteOffset, length);
  },
});

interface Decoder {
  decode(bytes: Uint8Array): Uint8Array;
  computeEncodedSize?(decodedBytes: number): number;
}

function readingCodec(decoder: Decoder) {
  const encode = (): never => {
    throw new Error("this codec only reads; writeArray writes");
  };
  return { fromConfig: () => ({ kind: "bytes_to_bytes" as const, encode, ...decoder }) };
}

/** Puts these codecs in place of zarrita's own: its crc32c drops the checksum unread. Doing it again changes nothing. */
export function registerReadingCodecs(): void {
  registry.set("crc32c", () => verifyingCrc32c as never);
  registry.set("gzip", () => gzip as never);
}
