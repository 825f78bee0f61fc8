import { crc32c } from "../../../checksum/crc.js";

/** The bytes and, behind them, their CRC-32C, little-endian, as Zarr's crc32c codec lays it out. */
export function withChecksum(bytes: Uint8Array): Uint8Array {
  const checked = new Uint8Array(bytes.length + 4);
  checked.set(bytes);
  new DataView(checked.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return checked;
}

/** The CRC-32C behind what `withChecksum` gave, as it is stored there. */
export function storedChecksum(checked: Uint8Array): number {
  return new DataView(checked.buffer, checked.byteOffset + checked.length - 4, 4).getUint32(0, true);
}

/**
 * A view of what `withChecksum` was given. Throws where the CRC-32C behind it does not match it, and where it is another than
 * `expected`: then the bytes are whole, but not those that were meant.
 */
export function withoutChecksum(checked: Uint8Array, expected: number): Uint8Array {
  if (checked.length < 4) throw new Error("it is too short to hold a checksum");
  const bytes = checked.subarray(0, -4);
  const stored = storedChecksum(checked);
  if (crc32c(bytes) !== stored) throw new Error("its CRC-32C does not match its bytes");
  if (stored !== expected) throw new Error("its CRC-32C is not the one in the shard's index: it holds other values");
  return bytes;
}
