/** Lane for lane: `value`, clamped to `low` and `high`; a NaN becomes `low`. One instruction per bound on x86 and ARM. */
export function clamp(value: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(high, f32x4.pmax(low, value));
}

/** Infinities become the largest finite f32, so that finite input gives finite output. */
export function saturate(value: v128): v128 {
  return clamp(value, f32x4.splat(-f32.MAX_VALUE), f32x4.splat(f32.MAX_VALUE));
}
