import type { Zyx } from "../../../plan/zyx.js";

/** Values of a label in its wire type. */
export type LabelValues = Uint8Array | Int16Array;

/** On each axis, the voxel of a label that each voxel of its smaller copy is. */
export type NearestVoxels = readonly [z: Int32Array, y: Int32Array, x: Int32Array];

/** The voxels of a label of `from` (Z,Y,X) that one of `to` consists of. */
export function nearestVoxels(from: Zyx, to: Zyx): NearestVoxels {
  return [nearestAlong(from[0], to[0]), nearestAlong(from[1], to[1]), nearestAlong(from[2], to[2])];
}

/**
 * As `torch.nn.functional.interpolate(mode="nearest-exact")` to a given size, with the same float32 rounding: output voxel i is
 * input voxel floor((i + 0.5) * from / to).
 */
function nearestAlong(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to);
  return Int32Array.from({ length: to }, (_, i) => Math.min(Math.floor(Math.fround((i + 0.5) * scale)), from - 1));
}

/** Writes the voxels at `z`, `y` and `x` of a label (Z,Y,X) to `target`, labels end to end, as number `place`. */
export function downsampleLabel(
  { values, size }: { readonly values: LabelValues; readonly size: Zyx },
  [alongZ, alongY, alongX]: NearestVoxels,
  target: LabelValues,
  place: number,
): void {
  const [, height, width] = size;
  let to = place * alongZ.length * alongY.length * alongX.length;
  for (const z of alongZ) {
    for (const y of alongY) {
      const row = (z * height + y) * width;
      for (const x of alongX) target[to++] = values[row + x] as number;
    }
  }
}
