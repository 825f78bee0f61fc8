import type { ScaleShift } from "./kernels.js";
import { clamp } from "./saturate.reference.js";

const { fround } = Math;

export function scaleShift(values: Float32Array, by: ScaleShift): void {
  const [subtract, scale, add] = [fround(by.subtract), fround(by.scale), fround(by.add)];
  for (const [i, value] of values.entries()) {
    const scaled = fround(fround(fround(value - subtract) * scale) + add);
    values[i] = clamp(scaled, fround(by.low), fround(by.high));
  }
}
