/** The two pieces of a NumPy .npy file (format 1.0) with `values` in C order, header and values. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npyPieces(values: Float32Array | Int16Array, shape: readonly number[]): [Uint8Array, Uint8Array] {
  const descr = values instanceof Float32Array ? "<f4" : "<i2";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = 64 * Math.ceil((10 + text.length + 1) / 64) - 10; // header and magic together end on a multiple of 64
  const header = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text.padEnd(length - 1)}\n`, "latin1");
  header.writeUInt16LE(length, 8);
  return [header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

/** The same in one. */
export function npyBytes(values: Float32Array | Int16Array, shape: readonly number[]): Uint8Array {
  return Buffer.concat(npyPieces(values, shape));
}
