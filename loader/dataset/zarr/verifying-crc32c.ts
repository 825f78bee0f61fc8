import { registry } from "zarrita";
import { crc32c } from "./crc32c.js";

/** Zarr v3's crc32c codec for reading: hands on the bytes before the checksum, or throws when it does not match them. */
const verifyingCrc32c = {
  fromConfig: () => ({
    kind: "bytes_to_bytes" as const,
    encode(): never {
      throw new Error("this codec only reads; shards are written by writeArray");
    },
    decode(bytes: Uint8Array): Uint8Array {
      const end = bytes.length - 4;
      if (end < 0) throw new Error("it is too short to hold a checksum");
      const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
      const content = bytes.subarray(0, end);
      if (crc32c(content) !== stored) throw new Error("its CRC-32C does not match its bytes");
      return content;
    },
    computeEncodedSize: (decodedBytes: number) => decodedBytes + 4,
  }),
};

/** Puts the checking codec in place of zarrita's own, which drops the checksum unread. Doing it again changes nothing. */
export function registerVerifyingCrc32c(): void {
  registry.set("crc32c", () => verifyingCrc32c as never);
}
