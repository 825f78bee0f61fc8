import test from "ava";
import fc from "fast-check";
import { imageValues, labelValues } from "../../client/tensor-values.js";
import { bf16Bits, f16Bits } from "../../loader/kernels/half-bits.reference.js";

test("channels-last images come out channels-first", (t) => {
  const bytes = new Uint8Array(Float32Array.of(1, 10, 2, 20, 3, 30, 4, 40).buffer);
  const { shape, values } = imageValues({ type: "f32", shape: [2, 1, 1, 2, 2], bytes }, true);
  t.deepEqual(shape, [2, 2, 1, 1, 2]);
  t.deepEqual([...values], [1, 2, 10, 20, 3, 4, 30, 40]);
});

test("16-bit images come out as the numbers that were rounded for the wire", (t) => {
  const exact = fc.constantFrom(0, -0, 1, -1.5, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, -0.333251953125);
  fc.assert(
    fc.property(fc.array(exact, { minLength: 1 }), (numbers) => {
      const bits = new Uint32Array(Float32Array.from(numbers).buffer);
      const half = new Uint8Array(Uint16Array.from(bits, f16Bits).buffer);
      const image = { shape: [1, 1, 1, 1, numbers.length], bytes: half };
      t.deepEqual([...imageValues({ ...image, type: "f16" }, false).values], numbers);
    }),
  );
  const brain = new Uint8Array(
    Uint16Array.from(new Uint32Array(Float32Array.of(-1.5, 2 ** 120).buffer), bf16Bits).buffer,
  );
  t.deepEqual([...imageValues({ type: "bf16", shape: [1, 1, 1, 1, 2], bytes: brain }, false).values], [-1.5, 2 ** 120]);
});

test("labels come out as int16 from either type, wherever their bytes lie", (t) => {
  const bytes = Uint8Array.of(9, 1, 0, 255, 0);
  t.deepEqual([...labelValues({ type: "i16", shape: [1, 1, 1, 2], bytes: bytes.subarray(1) })], [1, 255]);
  t.deepEqual([...labelValues({ type: "u8", shape: [1, 1, 1, 2], bytes: bytes.subarray(3) })], [255, 0]);
});
