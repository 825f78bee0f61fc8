import type { Zyx } from "../../../plan/zyx.js";
import type { Volume } from "../volume.js";

/** Pole of the cubic B-spline's inverse filter and that filter's gain, (1 - pole)(1 - 1/pole). */
const POLE = Math.sqrt(3) - 2;
const GAIN = (1 - POLE) * (1 - 1 / POLE);
/**
 * Voxels of edge value put before and after each line (SciPy 1.14, ndimage _prepad_for_spline_filter, mode "nearest").
 */
const PAD = 12;
/** Lines filtered side by side, so that memory is read in runs. */
const LINES = 16;

/**
 * Resamples `axis` to `size` voxels by cubic B-spline interpolation with prefilter, edge values continued outside, voxel
 * centres at half-integers: one axis of SciPy's `zoom(order=3, mode="nearest", grid_mode=True)`, whose axes separate.
 * Done axis by axis it differs from SciPy by the rounding to float32 in between.
 */
export function resampleCubicAxis(volume: Volume<Float32Array>, axis: 0 | 1 | 2, size: number): Volume<Float32Array> {
  const { shape, values } = volume;
  const length = shape[axis];
  if (length === size) return volume;
  const target: Zyx = [axis === 0 ? size : shape[0], axis === 1 ? size : shape[1], axis === 2 ? size : shape[2]];
  const inner = axis === 0 ? shape[1] * shape[2] : axis === 1 ? shape[2] : 1;
  const outer = values.length / (length * inner);
  const result = new Float32Array(outer * size * inner);
  const { starts, weights } = cubicTaps(length, size);
  const lines = Math.min(LINES, inner);
  const coefficients = new Float64Array((length + 2 * PAD) * lines);
  for (let block = 0; block < outer; block++) {
    for (let first = 0; first < inner; first += lines) {
      const columns = Math.min(lines, inner - first);
      for (let i = 0; i < length + 2 * PAD; i++) {
        const from = (block * length + Math.min(Math.max(i - PAD, 0), length - 1)) * inner + first;
        for (let column = 0; column < columns; column++) {
          coefficients[i * lines + column] = (values[from + column] as number) * GAIN;
        }
      }
      for (let column = 0; column < columns; column++) filterLine(coefficients, column, lines, length + 2 * PAD);
      for (let k = 0; k < size; k++) {
        const to = (block * size + k) * inner + first;
        const tap = (starts[k] as number) * lines;
        const [w0, w1, w2, w3] = weights.subarray(4 * k, 4 * k + 4) as unknown as [number, number, number, number];
        for (let column = 0; column < columns; column++) {
          const at = tap + column;
          result[to + column] =
            w0 * (coefficients[at] as number) +
            w1 * (coefficients[at + lines] as number) +
            w2 * (coefficients[at + 2 * lines] as number) +
            w3 * (coefficients[at + 3 * lines] as number);
        }
      }
    }
  }
  return { shape: target, values: result };
}

/** For each new voxel, the first of its four coefficients and their weights (SciPy, ni_splines.c, order 3). */
function cubicTaps(length: number, size: number): { starts: Int32Array; weights: Float64Array } {
  const starts = new Int32Array(size);
  const weights = new Float64Array(4 * size);
  for (let k = 0; k < size; k++) {
    const position = newToOldPosition(k, length, size) + PAD;
    const floor = Math.floor(position);
    const right = position - floor;
    const left = 1 - right;
    starts[k] = floor - 1;
    const w0 = (left * left * left) / 6;
    const w1 = (right * right * (right - 2) * 3 + 4) / 6;
    const w2 = (left * left * (left - 2) * 3 + 4) / 6;
    weights.set([w0, w1, w2, 1 - w0 - w1 - w2], 4 * k);
  }
  return { starts, weights };
}

/** Where the centre of new voxel `k` lies among the old ones. */
export function newToOldPosition(k: number, oldSize: number, newSize: number): number {
  return (k + 0.5) * (oldSize / newSize) - 0.5;
}

/**
 * Turns one line's samples (times GAIN) into spline coefficients, in place, reflecting at its ends (SciPy,
 * ni_splines.c).
 */
function filterLine(line: Float64Array, first: number, stride: number, length: number): void {
  const last = first + (length - 1) * stride;
  let poleToLength = 1;
  for (let i = 0; i < length; i++) poleToLength *= POLE;
  const start = line[first] as number;
  let sum = start + poleToLength * (line[last] as number);
  let power = POLE;
  for (let i = 1; i < length; i++) {
    sum += power * ((line[first + i * stride] as number) + poleToLength * (line[last - i * stride] as number));
    power *= POLE;
  }
  line[first] = (sum * POLE) / (1 - poleToLength * poleToLength) + start;
  for (let at = first + stride; at <= last; at += stride) {
    line[at] = (line[at] as number) + POLE * (line[at - stride] as number);
  }
  line[last] = ((line[last] as number) * POLE) / (POLE - 1);
  for (let at = last - stride; at >= first; at -= stride) {
    line[at] = POLE * ((line[at + stride] as number) - (line[at] as number));
  }
}
