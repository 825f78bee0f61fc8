/**
 * Sums of (value - pivot) and of its square, where the pivot is the first value, and the smallest and largest value: four
 * f64 at `resultPtr`. f32, `voxels` of them, at least 1. Voxel i adds to partial sum i mod 4, in order; the partial sums
 * are added as (0 + 2) + (1 + 3): the partition depends on the count alone.
 */
export function moments(resultPtr: usize, valuesPtr: usize, voxels: i32): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  const wideEnd = valuesPtr + ((<usize>(voxels & ~3)) << 2);
  const pivot = load<f32>(valuesPtr);
  const pivot2 = f64x2.splat(<f64>pivot);
  let sum01 = f64x2.splat(0);
  let sum23 = f64x2.splat(0);
  let square01 = f64x2.splat(0);
  let square23 = f64x2.splat(0);
  let least = f32x4.splat(pivot);
  let most = least;
  let anySigns = least;
  let everySigns = least;
  do {
    const values = valuesPtr < wideEnd ? v128.load(valuesPtr) : padded(valuesPtr, voxels & 3, pivot);
    // one instruction each, but they ignore the sign of 0
    least = f32x4.pmin(least, values);
    most = f32x4.pmax(most, values);
    anySigns = v128.or(anySigns, values);
    everySigns = v128.and(everySigns, values);
    const first = f64x2.sub(f64x2.promote_low_f32x4(values), pivot2);
    const second = f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 2, 3)), pivot2);
    sum01 = f64x2.add(sum01, first);
    sum23 = f64x2.add(sum23, second);
    square01 = f64x2.add(square01, f64x2.mul(first, first));
    square23 = f64x2.add(square23, f64x2.mul(second, second));
    valuesPtr += 16;
  } while (valuesPtr < end);
  least = withZeroSign(least, anySigns);
  most = withZeroSign(most, everySigns);
  const sum = f64x2.add(sum01, sum23);
  const square = f64x2.add(square01, square23);
  least = f32x4.min(least, v128.shuffle<i32>(least, least, 2, 3, 2, 3));
  most = f32x4.max(most, v128.shuffle<i32>(most, most, 2, 3, 2, 3));
  store<f64>(resultPtr, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  store<f64>(resultPtr + 8, f64x2.extract_lane(square, 0) + f64x2.extract_lane(square, 1));
  store<f64>(resultPtr + 16, min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)));
  store<f64>(resultPtr + 24, max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)));
}

/** The last one to three values, and the pivot behind them, which adds 0. */
function padded(valuesPtr: usize, count: i32, pivot: f32): v128 {
  const first = f32x4.replace_lane(f32x4.splat(pivot), 0, load<f32>(valuesPtr));
  const second = count > 1 ? f32x4.replace_lane(first, 1, load<f32>(valuesPtr + 4)) : first;
  return count > 2 ? f32x4.replace_lane(second, 2, load<f32>(valuesPtr + 8)) : second;
}

/** Lane for lane: 0 with the sign bit of `signs` where `value` is one of the zeros, else `value`. */
function withZeroSign(value: v128, signs: v128): v128 {
  const isZero = f32x4.eq(value, f32x4.splat(0));
  return v128.bitselect(v128.and(signs, i32x4.splat(0x80000000)), value, isZero);
}
