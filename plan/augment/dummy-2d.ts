import type { Zyx } from "../zyx.js";

/** nnU-Net's ANISO_THRESHOLD (`configuration.py`). */
const ANISOTROPY = 3;

/**
 * Whether a patch (Z,Y,X) is augmented slice by slice: axis 0, the one of coarsest spacing, has less than a third of the
 * voxels of the longest axis (nnU-Net's "dummy 2D", decided for each stage's own patch).
 */
export function isDummy2d(patchSize: Zyx): boolean {
  return Math.max(patchSize[0], patchSize[1], patchSize[2]) / patchSize[0] > ANISOTROPY;
}
