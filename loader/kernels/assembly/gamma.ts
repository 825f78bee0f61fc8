import { exp2, log2 } from "./elementary";
import { saturate } from "./saturate";

/**
 * value = ((v - min) / range)^exponent * range + min, where v = sign * value. f32, in place, any count; works on up to 3 values past the end.
 * Everything is halved on the way in and doubled on the way out, so that the range of any finite values is finite.
 */
export function gamma(valuesPtr: usize, voxels: i32, sign: f32, halfMin: f32, halfRange: f32, exponent: f32): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  const halfSign4 = f32x4.splat(sign * 0.5);
  const halfMin4 = f32x4.splat(halfMin);
  const divisor4 = f32x4.splat(max(halfRange, 0.5e-7));
  const halfRange4 = f32x4.splat(halfRange);
  const exponent4 = f32x4.splat(exponent);
  const zero = f32x4.splat(0);
  for (; valuesPtr < end; valuesPtr += 16) {
    const half = f32x4.mul(v128.load(valuesPtr), halfSign4);
    const share = f32x4.div(f32x4.sub(half, halfMin4), divisor4);
    const power = v128.and(exp2(f32x4.mul(exponent4, log2(share))), f32x4.gt(share, zero));
    const bent = f32x4.add(f32x4.mul(power, halfRange4), halfMin4);
    v128.store(valuesPtr, saturate(f32x4.add(bent, bent)));
  }
}
