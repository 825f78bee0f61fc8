/** Voxels whose differences are summed in f32. */
export const BLOCK: i32 = 128;

/**
 * Adds to two f64 at `resultPtr` the sum of (value - pivot) and that of its square, over `count` f32, 1 to `BLOCK`. Differences from
 * the middle of the block are summed in f32, so that a block of one value is exact, however far it is from the pivot: voxel
 * i adds to partial sum i mod 8, in order; then partial sum i + 4 to i, 2 to 0 and 3 to 1, and 1 to 0. The rest is f64.
 */
export function addBlock(resultPtr: usize, valuesPtr: usize, count: i32, pivot: f64): void {
  const end = valuesPtr + ((<usize>count) << 2);
  const middle = count < 4 ? load<f32>(valuesPtr) : middleOf(v128.load(valuesPtr), v128.load(end - 16));
  const middle4 = f32x4.splat(middle);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let square0 = sum0;
  let square1 = sum0;
  for (; valuesPtr + 32 <= end; valuesPtr += 32) {
    const apart0 = f32x4.sub(v128.load(valuesPtr), middle4);
    const apart1 = f32x4.sub(v128.load(valuesPtr, 16), middle4);
    sum0 = f32x4.add(sum0, apart0);
    sum1 = f32x4.add(sum1, apart1);
    square0 = f32x4.add(square0, f32x4.mul(apart0, apart0));
    square1 = f32x4.add(square1, f32x4.mul(apart1, apart1));
  }
  if (valuesPtr + 16 <= end) {
    const apart = f32x4.sub(v128.load(valuesPtr), middle4);
    sum0 = f32x4.add(sum0, apart);
    square0 = f32x4.add(square0, f32x4.mul(apart, apart));
    valuesPtr += 16;
    if (valuesPtr < end) {
      const last = f32x4.sub(padded(valuesPtr, count & 3, middle), middle4);
      sum1 = f32x4.add(sum1, last);
      square1 = f32x4.add(square1, f32x4.mul(last, last));
    }
  } else if (valuesPtr < end) {
    const last = f32x4.sub(padded(valuesPtr, count & 3, middle), middle4);
    sum0 = f32x4.add(sum0, last);
    square0 = f32x4.add(square0, f32x4.mul(last, last));
  }
  const sum = <f64>total(f32x4.add(sum0, sum1));
  const square = <f64>total(f32x4.add(square0, square1));
  const shift = <f64>middle - pivot;
  store<f64>(resultPtr, load<f64>(resultPtr) + (sum + <f64>count * shift));
  store<f64>(resultPtr, load<f64>(resultPtr, 8) + (square + shift * (2 * sum + <f64>count * shift)), 8);
}

/** The mean of a block's first and last four values: one that is far from the others moves it little. */
function middleOf(first: v128, last: v128): f32 {
  return total(f32x4.add(first, last)) * 0.125;
}

function total(sums: v128): f32 {
  const pairs = f32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 2, 3));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The last one to three values, and `filler` behind them. */
export function padded(valuesPtr: usize, count: i32, filler: f32): v128 {
  const one = f32x4.replace_lane(f32x4.splat(filler), 0, load<f32>(valuesPtr));
  const two = count > 1 ? f32x4.replace_lane(one, 1, load<f32>(valuesPtr + 4)) : one;
  return count > 2 ? f32x4.replace_lane(two, 2, load<f32>(valuesPtr + 8)) : two;
}
