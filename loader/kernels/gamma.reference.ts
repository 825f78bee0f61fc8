import { exp2, log2 } from "./elementary.reference.js";
import type { Gamma } from "./kernels.js";
import { narrowSums } from "./moments.reference.js";

const { fround } = Math;

export function gamma(result: Float64Array, values: Float32Array, by: Gamma): void {
  const [halfMin, halfRange, exponent] = [fround(by.halfMin), fround(by.halfRange), fround(by.exponent)];
  const inverse = fround(1 / Math.max(halfRange, fround(0.5e-7)));
  for (const [i, value] of values.entries()) {
    const half = fround(value * 0.5 * by.sign);
    const share = fround(fround(half - halfMin) * inverse);
    values[i] = share > 0 ? exp2(fround(exponent * log2(share))) : 0;
  }
  result.set(narrowSums(values));
}
