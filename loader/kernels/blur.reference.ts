import type { Grid, Lines } from "./kernels.js";
import { saturate } from "./saturate.reference.js";

const { fround } = Math;

/** `index` mirrored into 0 to length - 1 without repeating the ends. */
function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inPeriod = ((index % period) + period) % period;
  return Math.min(inPeriod, period - inPeriod);
}

export function blurPlanes(
  target: Float32Array,
  source: Float32Array,
  { outer, length, inner }: Lines,
  taps: Float32Array,
): void {
  const radius = taps.length >> 1;
  for (let stack = 0; stack < outer; stack++)
    for (let line = 0; line < length; line++)
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (const [k, tap] of taps.entries()) {
          const from = (stack * length + mirrored(line + k - radius, length)) * inner + i;
          sum = fround(sum + fround(tap * (source[from] as number)));
        }
        target[(stack * length + line) * inner + i] = saturate(sum);
      }
}

export function blurRows(target: Grid<Float32Array>, source: Grid<Float32Array>, taps: Float32Array): void {
  const [depth, height, width] = source.size;
  blurPlanes(target.values, source.values, { outer: depth * height, length: width, inner: 1 }, taps);
}
