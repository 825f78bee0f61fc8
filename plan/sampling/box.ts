import type { Zyx } from "../zyx.js";

/** Smallest and largest start (both included) of a box on one axis. */
interface StartRange {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Where a box of `read` voxels may start on an axis of `shape` voxels, `patch` of which reach the network: nnU-Net's
 * `get_bbox` (`data_loader.py`). A volume smaller than the box is centred in it, to within one voxel.
 */
function startRange(shape: number, read: number, patch: number): StartRange {
  const margin = read - patch;
  const need = shape + margin < read ? read - shape : margin;
  return { lower: 0 - Math.ceil(need / 2), upper: shape + Math.floor(need / 2) + (need % 2) - read };
}

/** Bounds (Z,Y,X, both included) of the first voxel of a random box of `cropSize` in a volume of `shape`. */
export function randomStartBounds(shape: Zyx, cropSize: Zyx): { lower: Zyx; upper: Zyx } {
  const z = startRange(shape[0], cropSize[0], cropSize[0]);
  const y = startRange(shape[1], cropSize[1], cropSize[1]);
  const x = startRange(shape[2], cropSize[2], cropSize[2]);
  return { lower: [z.lower, y.lower, x.lower], upper: [z.upper, y.upper, x.upper] };
}

/**
 * First voxel (Z,Y,X) of the box of `cropSize` around foreground `voxel`. As in nnU-Net the box stops at the lower border
 * only: at the upper one it may reach past the volume, by up to half a patch.
 */
export function foregroundLower(voxel: Zyx, shape: Zyx, cropSize: Zyx): Zyx {
  const { lower } = randomStartBounds(shape, cropSize);
  return [
    Math.max(lower[0], voxel[0] - Math.floor(cropSize[0] / 2)),
    Math.max(lower[1], voxel[1] - Math.floor(cropSize[1] / 2)),
    Math.max(lower[2], voxel[2] - Math.floor(cropSize[2] / 2)),
  ];
}
