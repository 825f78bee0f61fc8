import { addBlock, BLOCK } from "./block-moments";
import { exp2, log2 } from "./elementary";

/** Voxels that one step works on before the next step does: few enough to stay in a core's first cache. */
const PIECE: i32 = 4 * BLOCK;

/**
 * value = share^exponent, where share = (v - min) / range with v = sign * value; 0 where that is not above 0, about 1 at most. f32, in
 * place, any count; works on up to 15 values past the end. Everything is halved on the way in, so that the range of any finite values is finite.
 * Writes the sum of (value - first value) of what it has made, and of its square: two f64 at `resultPtr`, see `addBlock`.
 *
 * It works in steps over short pieces. In a single pass the operations on one value wait for each other, for longer than a core
 * looks ahead for other work.
 */
export function gamma(
  resultPtr: usize,
  valuesPtr: usize,
  voxels: i32,
  sign: f32,
  halfMin: f32,
  halfRange: f32,
  exponent: f32,
): void {
  store<f64>(resultPtr, 0);
  store<f64>(resultPtr, 0, 8);
  const inverse = <f32>1 / max(halfRange, 0.5e-7);
  let pivot: f64 = 0;
  for (let at = 0; at < voxels; at += PIECE) {
    const from = valuesPtr + ((<usize>at) << 2);
    const count = min(voxels - at, PIECE);
    const end = from + ((<usize>count) << 2);
    takeLogarithms(from, end, sign * 0.5, halfMin, inverse, exponent);
    takePowers(from, end);
    if (at === 0) pivot = load<f32>(from);
    for (let block = 0; block < count; block += BLOCK) {
      addBlock(resultPtr, from + ((<usize>block) << 2), min(count - block, BLOCK), pivot);
    }
  }
}

/** value = exponent * log2(share), NaN where the share is not above 0. Sixteen at a time share the loads of constants. */
function takeLogarithms(at: usize, end: usize, scale: f32, halfMin: f32, inverse: f32, exponent: f32): void {
  for (; at < end; at += 64) {
    const first = shares(v128.load(at), scale, halfMin, inverse);
    const second = shares(v128.load(at, 16), scale, halfMin, inverse);
    const third = shares(v128.load(at, 32), scale, halfMin, inverse);
    const fourth = shares(v128.load(at, 48), scale, halfMin, inverse);
    const firstLog = f32x4.mul(log2(first), f32x4.splat(exponent));
    const secondLog = f32x4.mul(log2(second), f32x4.splat(exponent));
    const thirdLog = f32x4.mul(log2(third), f32x4.splat(exponent));
    const fourthLog = f32x4.mul(log2(fourth), f32x4.splat(exponent));
    v128.store(at, v128.or(firstLog, f32x4.le(first, f32x4.splat(0))));
    v128.store(at, v128.or(secondLog, f32x4.le(second, f32x4.splat(0))), 16);
    v128.store(at, v128.or(thirdLog, f32x4.le(third, f32x4.splat(0))), 32);
    v128.store(at, v128.or(fourthLog, f32x4.le(fourth, f32x4.splat(0))), 48);
  }
}

function shares(values: v128, scale: f32, halfMin: f32, inverse: f32): v128 {
  const centred = f32x4.sub(f32x4.mul(values, f32x4.splat(scale)), f32x4.splat(halfMin));
  return f32x4.mul(centred, f32x4.splat(inverse));
}

/** value = 2^value, 0 where the value is NaN. */
function takePowers(at: usize, end: usize): void {
  for (; at < end; at += 64) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    const third = v128.load(at, 32);
    const fourth = v128.load(at, 48);
    v128.store(at, v128.and(exp2(first), f32x4.eq(first, first)));
    v128.store(at, v128.and(exp2(second), f32x4.eq(second, second)), 16);
    v128.store(at, v128.and(exp2(third), f32x4.eq(third, third)), 32);
    v128.store(at, v128.and(exp2(fourth), f32x4.eq(fourth, fourth)), 48);
  }
}
