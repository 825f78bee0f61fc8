import type { CaseGeometry } from "../../client/types.js";
import { coarseAxis } from "../../plan/anisotropy.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import { resampleLinear } from "./resample.js";
import type { Maps } from "./sliding-window.js";

/** How a stored volume lies in its original file. */
export interface GridGeometry extends Omit<CaseGeometry, "affine"> {
  /** Spacing of the stored volume in mm (Z,Y,X). */
  readonly spacingMm: Zyx;
}

/** The class of the largest logit of each voxel of a `size` grid (ties: the lowest), resampling one class at a time. */
function classOfLargestLogit(logits: Maps, size: Zyx, geometry: GridGeometry): Uint8Array {
  const [classes, ...from] = logits.shape;
  const { transpose, originalSpacingMm, spacingMm } = geometry;
  const targetMm: Zyx = [
    originalSpacingMm[transpose[0]] as number,
    originalSpacingMm[transpose[1]] as number,
    originalSpacingMm[transpose[2]] as number,
  ];
  const nearestAxis = coarseAxis(spacingMm, targetMm);
  const label = new Uint8Array(voxelCount(size));
  const largest = new Float32Array(voxelCount(size)).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < classes; k++) {
    const onStore = logits.values.subarray(k * voxelCount(from), (k + 1) * voxelCount(from));
    const onSource = resampleLinear(onStore, from, size, nearestAxis);
    for (let voxel = 0; voxel < label.length; voxel++) {
      const logit = onSource[voxel] as number;
      if (logit > (largest[voxel] as number)) {
        largest[voxel] = logit;
        label[voxel] = k;
      }
    }
  }
  return label;
}

/**
 * The label (Z,Y,X of the source file) that `logits` on the store's grid mean: resampled to the cropped source grid, argmax,
 * pasted into the uncropped volume (0 outside), transposed back (nnU-Net,
 * `convert_predicted_logits_to_segmentation_with_correct_shape`).
 */
export function labelOnOriginalGrid(logits: Maps, geometry: GridGeometry): Uint8Array {
  const { cropStart, cropEnd, originalShape, transpose } = geometry;
  const cropped: Zyx = [cropEnd[0] - cropStart[0], cropEnd[1] - cropStart[1], cropEnd[2] - cropStart[2]];
  const label = classOfLargestLogit(logits, cropped, geometry);

  const sourceStride = [originalShape[1] * originalShape[2], originalShape[2], 1];
  const [strideZ, strideY, strideX] = transpose.map((axis) => sourceStride[axis] as number) as [number, number, number];
  const original = new Uint8Array(voxelCount(originalShape));
  let voxel = 0;
  for (let z = cropStart[0]; z < cropEnd[0]; z++) {
    for (let y = cropStart[1]; y < cropEnd[1]; y++) {
      for (let x = cropStart[2]; x < cropEnd[2]; x++) {
        original[z * strideZ + y * strideY + x * strideX] = label[voxel++] as number;
      }
    }
  }
  return original;
}
