import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import type { Axis } from "./mirror.js";

/** Where output voxel `i` takes its value from along one axis: (1 - share) * in[low] + share * in[high]. */
export interface Tap {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/** The taps of `to` voxels among `from`. Half-pixel grid with the edge repeated: SciPy's `zoom(grid_mode=True, mode="nearest")`. */
export function taps(from: number, to: number, nearest: boolean): Tap[] {
  if (from === to) return Array.from({ length: to }, (_, i) => ({ low: i, high: i, share: 0 }));
  const inside = (i: number) => Math.min(Math.max(i, 0), from - 1);
  return Array.from({ length: to }, (_, i) => {
    const position = ((i + 0.5) * from) / to - 0.5;
    if (nearest) {
      const voxel = inside(Math.floor(position + 0.5));
      return { low: voxel, high: voxel, share: 0 };
    }
    const low = Math.floor(position);
    return { low: inside(low), high: inside(low + 1), share: position - low };
  });
}

/**
 * One map resampled from `from` to `to` voxels (Z,Y,X): linear, but nearest neighbour along `nearestAxis`. As nnU-Net
 * exports logits (`resample_data_or_seg`, order 1 and order_z 0).
 */
export function resampleLinear(values: Float32Array, from: Zyx, to: Zyx, nearestAxis?: Axis): Float32Array {
  let current = values;
  const size: [number, number, number] = [...from];
  for (const axis of [0, 1, 2] as const) {
    if (size[axis] === to[axis]) continue;
    const along = taps(size[axis], to[axis], axis === nearestAxis);
    const inner = size.slice(axis + 1).reduce((product, n) => product * n, 1);
    const outer = size.slice(0, axis).reduce((product, n) => product * n, 1);
    const next = new Float32Array(outer * to[axis] * inner);
    let at = 0;
    for (let o = 0; o < outer; o++) {
      const base = o * size[axis] * inner;
      for (const { low, high, share } of along) {
        for (let i = 0; i < inner; i++) {
          const below = current[base + low * inner + i] as number;
          const above = current[base + high * inner + i] as number;
          next[at++] = below + share * (above - below);
        }
      }
    }
    current = next;
    size[axis] = to[axis];
  }
  return current.subarray(0, voxelCount(to));
}
