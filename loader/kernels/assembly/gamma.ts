import { exp2, log2 } from "./elementary";
import { saturate } from "./saturate";

/** Bytes that one step works on before the next step does: few enough to stay in a core's first cache. */
const PIECE_BYTES: usize = 2048;

/**
 * value = ((v - min) / range)^exponent * range + min, where v = sign * value. f32, in place, any count; works on up to 3 values past the end.
 * Everything is halved on the way in and doubled on the way out, so that the range of any finite values is finite.
 *
 * It works in steps over short pieces. In a single pass the operations on one value wait for each other, for longer than a core
 * looks ahead for other work.
 */
export function gamma(valuesPtr: usize, voxels: i32, sign: f32, halfMin: f32, halfRange: f32, exponent: f32): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  while (valuesPtr < end) {
    const pieceEnd = valuesPtr + min(end - valuesPtr, PIECE_BYTES);
    scaleToShares(valuesPtr, pieceEnd, sign * 0.5, halfMin, max(halfRange, 0.5e-7));
    takeLogarithms(valuesPtr, pieceEnd, exponent);
    takePowers(valuesPtr, pieceEnd);
    scaleBack(valuesPtr, pieceEnd, halfRange, halfMin);
    valuesPtr = pieceEnd;
  }
}

function scaleToShares(at: usize, end: usize, scale: f32, subtract: f32, divisor: f32): void {
  do {
    const scaled = f32x4.mul(v128.load(at), f32x4.splat(scale));
    v128.store(at, f32x4.div(f32x4.sub(scaled, f32x4.splat(subtract)), f32x4.splat(divisor)));
    at += 16;
  } while (at < end);
}

/** value = exponent * log2(value), NaN where the value is not above 0. */
function takeLogarithms(at: usize, end: usize, exponent: f32): void {
  do {
    const value = v128.load(at);
    const isNone = f32x4.le(value, f32x4.splat(0));
    v128.store(at, v128.or(f32x4.mul(f32x4.splat(exponent), log2(value)), isNone));
    at += 16;
  } while (at < end);
}

/** value = 2^value, 0 where the value is NaN. */
function takePowers(at: usize, end: usize): void {
  do {
    const value = v128.load(at);
    v128.store(at, v128.and(exp2(value), f32x4.eq(value, value)));
    at += 16;
  } while (at < end);
}

function scaleBack(at: usize, end: usize, halfRange: f32, halfMin: f32): void {
  do {
    const half = f32x4.add(f32x4.mul(v128.load(at), f32x4.splat(halfRange)), f32x4.splat(halfMin));
    v128.store(at, saturate(f32x4.add(half, half)));
    at += 16;
  } while (at < end);
}
