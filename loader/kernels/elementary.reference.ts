import { clamp } from "./saturate.reference.js";

const { fround } = Math;

const bits = new DataView(new ArrayBuffer(4));

function floatOf(word: number): number {
  bits.setInt32(0, word);
  return bits.getFloat32(0);
}

function wordOf(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

/** f32 steps of ((c0 x + c1) x + c2) ... */
function horner(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => fround(fround(x * sum) + coefficient));
}

export function log2(value: number): number {
  const shifted = (wordOf(value) - 0x3f3504f3) | 0;
  const part = fround(floatOf((shifted & 0x7fffff) + 0x3f3504f3) - 1);
  const series = [
    -0.20659177005290985, 0.32215481996536255, -0.3674899637699127, 0.47934800386428833, -0.7211318612098694,
    1.4427134990692139,
  ];
  return fround((shifted >> 23) + fround(part * horner(part, series)));
}

export function exp2(value: number): number {
  const held = clamp(value, -126, 126);
  const whole = nearestEven(held);
  const part = fround(held - whole);
  const series = [
    0.001326472731307149, 0.009671512991189957, 0.05550733581185341, 0.24022242426872253, 0.6931470036506653, 1,
  ];
  return fround(horner(part, series) * 2 ** whole);
}

/** To the nearest whole number, ties to even. */
function nearestEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export function sine(angle: number): number {
  const square = fround(angle * angle);
  const sum = horner(square, [-0.00019587950373534113, 0.008332748897373676, -0.166666641831398]);
  return fround(angle + fround(fround(angle * square) * sum));
}

export function cosine(angle: number): number {
  return horner(fround(angle * angle), [2.446383768983651e-5, -0.001388759003020823, 0.04166664928197861, -0.5, 1]);
}
