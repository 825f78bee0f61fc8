import { addBlock, BLOCK, padded } from "./block-moments";

/** Squares of differences that add up to less are too small for f32, unless all values are the same. */
const LEAST_SQUARES: f64 = 1e-24;

/**
 * Sums of (value - pivot) and of its square, where the pivot is the first value, and the smallest and largest value, where -0 counts
 * as 0: four f64 at `resultPtr`. f32, `voxels` of them, at least 1. Sums are made as `addBlock` says, and in f64 alone where f32 would not
 * hold the squares; the partition depends on the count alone.
 */
export function moments(resultPtr: usize, valuesPtr: usize, voxels: i32): void {
  const pivot = load<f32>(valuesPtr);
  let least0 = f32x4.splat(pivot);
  let least1 = least0;
  let most0 = least0;
  let most1 = least0;
  store<f64>(resultPtr, 0);
  store<f64>(resultPtr, 0, 8);
  for (let at = 0; at < voxels; at += BLOCK) {
    const count = min(voxels - at, BLOCK);
    let from = valuesPtr + ((<usize>at) << 2);
    const end = from + ((<usize>count) << 2);
    addBlock(resultPtr, from, count, pivot);
    for (; from + 32 <= end; from += 32) {
      const values0 = v128.load(from);
      const values1 = v128.load(from, 16);
      least0 = f32x4.pmin(least0, values0);
      least1 = f32x4.pmin(least1, values1);
      most0 = f32x4.pmax(most0, values0);
      most1 = f32x4.pmax(most1, values1);
    }
    for (; from < end; from += 16) {
      const values = from + 16 <= end ? v128.load(from) : padded(from, count & 3, pivot);
      least0 = f32x4.pmin(least0, values);
      most0 = f32x4.pmax(most0, values);
    }
  }
  const smallest = leastOf(f32x4.pmin(least0, least1));
  const largest = -leastOf(f32x4.neg(f32x4.pmax(most0, most1)));
  store<f64>(resultPtr, smallest + 0, 16); // -0 becomes 0
  store<f64>(resultPtr, largest + 0, 24);
  const squares = load<f64>(resultPtr, 8);
  if (smallest < largest && !(squares >= LEAST_SQUARES && squares < Infinity))
    sumWide(resultPtr, valuesPtr, voxels, pivot);
}

function leastOf(values: v128): f64 {
  const pairs = f32x4.pmin(values, v128.shuffle<i32>(values, values, 2, 3, 2, 3));
  return min(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** The two sums in f64. */
function sumWide(resultPtr: usize, valuesPtr: usize, voxels: i32, pivot: f64): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  let sum: f64 = 0;
  let squares: f64 = 0;
  for (; valuesPtr < end; valuesPtr += 4) {
    const apart = <f64>load<f32>(valuesPtr) - pivot;
    sum += apart;
    squares += apart * apart;
  }
  store<f64>(resultPtr, sum);
  store<f64>(resultPtr, squares, 8);
}
