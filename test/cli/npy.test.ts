import test from "ava";
import { npyBytes } from "../../disk/npy.js";

/** The header of NumPy 2.4.6's `numpy.save`, up to the padding: magic, version 1.0, length 118, dictionary. */
function numpyHeader(dictionary: string): Buffer {
  return Buffer.from(`\x93NUMPY\x01\x00\x76\x00${dictionary.padEnd(117)}\n`, "latin1");
}

test("an int16 array is written as numpy.save writes it", (t) => {
  const header = numpyHeader("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }");
  const values = Buffer.from("0100feff0300040005005802", "hex");
  t.deepEqual(npyBytes(Int16Array.of(1, -2, 3, 4, 5, 600), [2, 3]), Buffer.concat([header, values]));
});

test("a float32 array of one axis is written as numpy.save writes it", (t) => {
  const header = numpyHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
  t.deepEqual(npyBytes(Float32Array.of(0.5, -1), [2]), Buffer.concat([header, Buffer.from("0000003f000080bf", "hex")]));
});
