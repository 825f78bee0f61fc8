/** Polynomials of the elementary functions, four f32 at a time; Chebyshev fits, errors against the exact function. */

/** log2 of a positive normal f32, |error| < 2.5e-6 + 1e-7 |log2|; 0 at 1. 0 and subnormals count as about 2^-127. */
export function log2(value: v128): v128 {
  // mantissa in [sqrt(1/2), sqrt(2)), less 1
  const shifted = i32x4.sub(value, i32x4.splat(0x3f3504f3));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const mantissa = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  const part = f32x4.sub(mantissa, f32x4.splat(1));
  let sum = f32x4.add(f32x4.mul(part, f32x4.splat(-0.20659177005290985)), f32x4.splat(0.32215481996536255));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(-0.3674899637699127));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(0.47934800386428833));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(-0.7211318612098694));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(1.4427134990692139));
  return f32x4.add(exponent, f32x4.mul(part, sum));
}

/** 2^value, relative error < 2e-7; exact for whole numbers. The exponent is held between -126 and 126. */
export function exp2(value: v128): v128 {
  const held = f32x4.pmin(f32x4.splat(126), f32x4.pmax(f32x4.splat(-126), value));
  // adding 1.5 * 2^23: its last place is 1, so the rounding of the sum makes a whole number, in the low bits
  const shifted = f32x4.add(held, f32x4.splat(12582912));
  const part = f32x4.sub(held, f32x4.sub(shifted, f32x4.splat(12582912)));
  let sum = f32x4.add(f32x4.mul(part, f32x4.splat(0.001326472731307149)), f32x4.splat(0.009671512991189957));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(0.05550733581185341));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(0.24022242426872253));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(0.6931470036506653));
  sum = f32x4.add(f32x4.mul(part, sum), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23);
  return f32x4.mul(sum, power);
}

/** sin of an angle in [-pi/4, pi/4], |error| < 1.2e-7. */
export function sine(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let sum = f32x4.add(f32x4.mul(square, f32x4.splat(-0.00019587950373534113)), f32x4.splat(0.008332748897373676));
  sum = f32x4.add(f32x4.mul(square, sum), f32x4.splat(-0.166666641831398));
  return f32x4.add(angle, f32x4.mul(f32x4.mul(angle, square), sum));
}

/** cos of an angle in [-pi/4, pi/4], |error| < 1.2e-7. */
export function cosine(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let sum = f32x4.add(f32x4.mul(square, f32x4.splat(2.446383768983651e-5)), f32x4.splat(-0.001388759003020823));
  sum = f32x4.add(f32x4.mul(square, sum), f32x4.splat(0.04166664928197861));
  sum = f32x4.add(f32x4.mul(square, sum), f32x4.splat(-0.5));
  return f32x4.add(f32x4.mul(square, sum), f32x4.splat(1));
}
