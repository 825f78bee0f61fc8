import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../plan/zyx.js";

export type Axis = 0 | 1 | 2;

/** Axes that training mirrored along: those of test-time mirroring. */
export function mirrorAxes(spec: Pick<ResolvedSpec, "augmentation">): Axis[] {
  return [...new Set(spec.augmentation.flatMap((one) => (one.kind === "mirror" ? one.axes : [])))].sort();
}

/** Every set of `axes` to flip, the empty one first: 2^n of them. */
export function flipSets(axes: readonly Axis[]): Axis[][] {
  return Array.from({ length: 2 ** axes.length }, (_, bits) => axes.filter((_, i) => bits & (1 << i)));
}

/** A copy of `values`, `maps` volumes of `size` (Z,Y,X) one after the other, each reversed along `axes`. */
export function flip(values: Float32Array, maps: number, size: Zyx, axes: readonly Axis[]): Float32Array {
  if (axes.length === 0) return values;
  const [depth, height, width] = size;
  const [flipZ, flipY, flipX] = [axes.includes(0), axes.includes(1), axes.includes(2)];
  const flipped = new Float32Array(values.length);
  for (let map = 0; map < maps; map++) {
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < height; y++) {
        const from = ((map * depth + z) * height + y) * width;
        const to = ((map * depth + (flipZ ? depth - 1 - z : z)) * height + (flipY ? height - 1 - y : y)) * width;
        const row = values.subarray(from, from + width);
        flipped.set(flipX ? row.slice().reverse() : row, to);
      }
    }
  }
  return flipped;
}
