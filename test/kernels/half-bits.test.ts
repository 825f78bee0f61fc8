import test from "ava";
import fc from "fast-check";
import { bf16Bits, f16Bits } from "../../loader/kernels/half-bits.reference.js";

const view = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

function floatOf(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** The nearest of the numbers with `mantissaBits` and smallest exponent `lowest`, ties to even, held at `largest`. */
function nearest(value: number, mantissaBits: number, lowest: number, largest: number): number {
  const magnitude = Math.abs(value);
  let exponent = lowest;
  while (exponent < 128 && 2 ** (exponent + 1) <= magnitude) exponent++;
  const unit = 2 ** (exponent - mantissaBits);
  const quotient = magnitude / unit;
  const floor = Math.floor(quotient);
  const isUp = quotient - floor > 0.5 || (quotient - floor === 0.5 && floor % 2 === 1);
  return Math.sign(value) * Math.min((isUp ? floor + 1 : floor) * unit, largest);
}

function f16Value(bits: number): number {
  const [sign, exponent, mantissa] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

const LARGEST_F16 = 65504;
const LARGEST_BF16 = 255 * 2 ** 120;

const float = fc.oneof(
  fc.float({ noNaN: true }),
  fc.float({ noNaN: true, min: -2, max: 2 }),
  fc
    .integer({ min: 0, max: 0xffffffff })
    .map(floatOf)
    .filter((value) => !Number.isNaN(value)),
  fc.integer({ min: 0, max: 0x7bff }).chain((half) => {
    const [low, high] = [f16Value(half), half === 0x7bff ? 65536 : f16Value(half + 1)];
    return fc.constantFrom(low, (low + high) / 2, -high, bump((low + high) / 2, 1), bump((low + high) / 2, -1));
  }),
);

/** The float32 `by` steps from `value`. */
function bump(value: number, by: number): number {
  return floatOf(bitsOf(value) + by);
}

test("float16 is the nearest half, ties to even, and saturates at 65504", (t) => {
  const check = (value: number) => {
    t.is(f16Value(f16Bits(bitsOf(value))) + 0, nearest(value, 10, -14, LARGEST_F16) + 0);
  };
  fc.assert(fc.property(float, check), { numRuns: 5000 });
  for (const value of [65519, 65520, 1e30, Number.POSITIVE_INFINITY, -65520]) check(value);
  t.is(f16Bits(bitsOf(-0)), 0x8000);
});

test("bfloat16 is the nearest, ties to even, and saturates at the largest finite one", (t) => {
  const check = (value: number) => {
    t.is(floatOf(bf16Bits(bitsOf(value)) << 16) + 0, nearest(value, 7, -126, LARGEST_BF16) + 0);
  };
  fc.assert(fc.property(float, check), { numRuns: 5000 });
  for (const value of [3.4e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) check(value);
});

test("a NaN stays a NaN in both 16-bit types", (t) => {
  for (const bits of [0x7f800001, 0x7fc00000, 0xffffffff]) {
    t.true((f16Bits(bits) & 0x7fff) > 0x7c00);
    t.true((bf16Bits(bits) & 0x7fff) > 0x7f80);
  }
});
