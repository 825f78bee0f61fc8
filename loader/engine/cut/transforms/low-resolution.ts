import { roundHalfToEven } from "../../../../plan/round-half-to-even.js";
import type { Zyx } from "../../../../plan/zyx.js";
import { MIRROR_X, MIRROR_Y, MIRROR_Z } from "../../../kernels/kernels.js";
import { type Channel, swapped, type Tools } from "./channel.js";

const { fround } = Math;

const MIRRORS = [MIRROR_Z, MIRROR_Y, MIRROR_X] as const;

/** Down to the nearest voxels and up again linearly, in one pass: each voxel is a weighted sum of two on each axis. */
export function applyLowResolution(zooms: Zyx, channel: Channel, { kernels, tables }: Tools): Channel {
  const { values, spare, size, mirrored } = channel;
  for (const axis of [0, 1, 2] as const) {
    writeTaps(tables.axisTaps[axis], size[axis], zooms[axis], (mirrored & MIRRORS[axis]) !== 0);
  }
  kernels.resample({ values: spare, size }, { values, size }, tables.axisTaps, tables.row);
  return swapped(channel);
}

/**
 * Taps of an axis of `size` voxels that is reduced to round(size x zoom), ties to even: torch's `nearest-exact` down and
 * `linear` (`align_corners=False`) up, with its float32 steps (batchgeneratorsv2, `SimulateLowResolutionTransform`). Half-way between two
 * voxels it takes the later one; so, on a mirrored axis, the taps are mirrored too.
 */
function writeTaps(taps: Int32Array, size: number, zoom: number, isMirrored: boolean): void {
  const weights = new Float32Array(taps.buffer, taps.byteOffset, taps.length);
  const reduced = Math.max(1, roundHalfToEven(size * zoom));
  const down = fround(size / reduced);
  const up = fround(reduced / size);
  const nearest = (index: number) => Math.min(Math.floor(fround(fround(index + 0.5) * down)), size - 1);
  for (let i = 0; i < size; i++) {
    const at = Math.max(0, fround(fround(up * fround(i + 0.5)) - 0.5));
    const below = Math.min(Math.floor(at), reduced - 1);
    const above = Math.min(below + 1, reduced - 1);
    const to = 4 * (isMirrored ? size - 1 - i : i);
    taps[to] = isMirrored ? size - 1 - nearest(below) : nearest(below);
    taps[to + 1] = isMirrored ? size - 1 - nearest(above) : nearest(above);
    weights[to + 3] = at - below;
    weights[to + 2] = 1 - (weights[to + 3] as number);
  }
}
