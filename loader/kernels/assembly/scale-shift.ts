import { clamp } from "./saturate";

/** value = clamp((value - subtract) * scale + add, low, high). f32, in place, any count; works on up to 3 values past the end. */
export function scaleShift(
  valuesPtr: usize,
  voxels: i32,
  subtract: f32,
  scale: f32,
  add: f32,
  low: f32,
  high: f32,
): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  const subtract4 = f32x4.splat(subtract);
  const scale4 = f32x4.splat(scale);
  const add4 = f32x4.splat(add);
  const low4 = f32x4.splat(low);
  const high4 = f32x4.splat(high);
  for (; valuesPtr < end; valuesPtr += 16) {
    const centred = f32x4.sub(v128.load(valuesPtr), subtract4);
    v128.store(valuesPtr, clamp(f32x4.add(f32x4.mul(centred, scale4), add4), low4, high4));
  }
}
