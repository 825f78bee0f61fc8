const LARGEST = 3.4028234663852886e38;

/** `value` as f32, clamped to `low` and `high`; a NaN becomes `low`. */
export function clamp(value: number, low: number, high: number): number {
  let held = value;
  if (!(low < held)) held = low;
  if (!(held < high)) held = high;
  return held;
}

/** The f32 nearest to `value`; beyond the largest finite one, that one. */
export function saturate(value: number): number {
  return clamp(Math.fround(value), -LARGEST, LARGEST);
}
