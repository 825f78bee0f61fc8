import test from "ava";
import fc from "fast-check";
import { imageValues, labelClasses, labelValues } from "../../client/tensor-values.js";
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

test("every half is IEEE 754's: subnormals, infinity and what is no number among them", (t) => {
  const words = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x0400, 0x3555, 0x7e00, 0x8000);
  const image = { type: "f16", shape: [1, 1, 1, 1, words.length], bytes: new Uint8Array(words.buffer) } as const;
  const wanted = [1, -2, 2 ** -24, 65504, Infinity, -Infinity, 2 ** -14, 0.333251953125, NaN, -0];
  t.deepEqual([...imageValues(image, false).values], wanted);
});

test("what is aligned and needs no change is not copied; what is not aligned is", (t) => {
  const memory = new ArrayBuffer(32);
  const shape = [1, 1, 1, 1, 2];
  const at = (offset: number, length: number) => new Uint8Array(memory, offset, length);
  t.is(imageValues({ type: "f32", shape, bytes: at(8, 8) }, false).values.buffer, memory);
  t.is(imageValues({ type: "f32", shape: [1, 1, 1, 2, 1], bytes: at(8, 8) }, true).values.buffer, memory);
  t.not(imageValues({ type: "f32", shape, bytes: at(9, 8) }, false).values.buffer, memory);
  t.is(labelValues({ type: "i16", shape, bytes: at(2, 4) }).buffer, memory);
  t.is(labelClasses({ type: "u8", shape, bytes: at(3, 2) }).buffer, memory);
});

test("as classes, what the loss leaves out is 255 in either type", (t) => {
  const shape = [1, 1, 1, 3];
  const bytes = new Uint8Array(Int16Array.of(-1, 0, 3).buffer);
  t.deepEqual(labelClasses({ type: "i16", shape, bytes }), Uint8Array.of(255, 0, 3));
  t.deepEqual(labelClasses({ type: "u8", shape, bytes: Uint8Array.of(255, 0, 3) }), Uint8Array.of(255, 0, 3));
});

test("labels come out as int16 from either type, wherever their bytes lie", (t) => {
  const bytes = Uint8Array.of(9, 1, 0, 255, 0);
  t.deepEqual([...labelValues({ type: "i16", shape: [1, 1, 1, 2], bytes: bytes.subarray(1) })], [1, 255]);
  t.deepEqual([...labelValues({ type: "u8", shape: [1, 1, 1, 2], bytes: bytes.subarray(3) })], [255, 0]);
});
