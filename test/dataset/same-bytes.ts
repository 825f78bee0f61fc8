type Values = Float32Array | Int16Array | Uint8Array | Uint32Array;

/** Whether two arrays are of one type and have the same bytes: for large ones, each value of which `deepEqual` describes. */
export function sameBytes(one: Values, other: Values): boolean {
  const bytes = (of: Values) => Buffer.from(of.buffer, of.byteOffset, of.byteLength);
  return one.constructor === other.constructor && bytes(one).equals(bytes(other));
}
