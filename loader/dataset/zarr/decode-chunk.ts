import { gunzipSync } from "node:zlib";
import { type ArrayLayout, chunkBytes, type DataType, VALUE_BYTES } from "./array-layout.js";
import { withoutChecksum } from "./checksummed-bytes.js";

export interface TypedArrays {
  float32: Float32Array;
  int16: Int16Array;
  uint32: Uint32Array;
}

/** What an array can be read to. Values of i16 that all are of i8, which their reader must know, may go to one of those. */
export interface ReadTargets extends Omit<TypedArrays, "int16"> {
  int16: Int16Array | Int8Array;
}

/** Values of whatever type, as integers: to be copied, not to be read. */
export type Words = Int8Array | Int16Array | Int32Array;

const CONSTRUCTORS = { float32: Float32Array, int16: Int16Array, uint32: Uint32Array };

export function newValues<Type extends DataType>(type: Type, length: number): TypedArrays[Type] {
  return new CONSTRUCTORS[type](length) as TypedArrays[Type];
}

/** A view of `values`. */
export function wordsOf(values: ReadTargets[DataType]): Words {
  if (values instanceof Int8Array || values instanceof Int16Array) return values;
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/**
 * The values of a stored chunk, as a view of `bytes` where it is not gzipped. Throws where the bytes are damaged, or are not those
 * whose CRC-32C is `checksum`.
 */
export function decodeChunk(bytes: Uint8Array, layout: ArrayLayout, checksum: number): Words {
  const checked = withoutChecksum(bytes, checksum);
  const byteLength = chunkBytes(layout);
  const decoded = layout.gzipped
    ? gunzipSync(checked, { chunkSize: Math.max(64, byteLength), maxOutputLength: byteLength })
    : checked;
  if (decoded.byteLength !== byteLength) throw new Error(`it has ${decoded.byteLength} bytes, not ${byteLength}`);
  const valueBytes = VALUE_BYTES[layout.dataType];
  const { buffer, byteOffset } = decoded.byteOffset % valueBytes === 0 ? decoded : Uint8Array.from(decoded);
  const Values = valueBytes === 2 ? Int16Array : Int32Array;
  return new Values(buffer as ArrayBuffer, byteOffset, byteLength / valueBytes);
}
