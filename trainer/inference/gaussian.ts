import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";

/** SciPy's `gaussian_filter` cuts its kernel off after this many standard deviations. */
const TRUNCATE = 4;

/** A unit impulse at floor(patch / 2) filtered with sigma = patch / 8, as SciPy does with a constant edge of 0. */
function blurredImpulse(patch: number): Float64Array {
  const sigma = patch / 8;
  const centre = Math.floor(patch / 2);
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const kernel = (distance: number) => (distance > radius ? 0 : Math.exp((-0.5 * distance ** 2) / sigma ** 2));
  let sum = kernel(0);
  for (let distance = 1; distance <= radius; distance++) sum += 2 * kernel(distance);
  return Float64Array.from({ length: patch }, (_, i) => kernel(Math.abs(i - centre)) / sum);
}

/**
 * How much each voxel of a window counts (Z,Y,X): a Gaussian of sigma = patch / 8 around the centre, scaled to a maximum of
 * 10; what underflows to 0 gets the smallest value that did not (nnU-Net, `compute_gaussian`).
 */
export function gaussianImportance(patch: Zyx): Float32Array {
  const [along0, along1, along2] = [blurredImpulse(patch[0]), blurredImpulse(patch[1]), blurredImpulse(patch[2])];
  const importance = new Float32Array(voxelCount(patch));
  const peak = Math.max(...along0) * Math.max(...along1) * Math.max(...along2);
  let voxel = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const z of along0) {
    for (const y of along1) {
      for (const x of along2) {
        const weight = Math.fround((10 * z * y * x) / peak);
        if (weight > 0 && weight < smallest) smallest = weight;
        importance[voxel++] = weight;
      }
    }
  }
  return importance.map((weight) => (weight === 0 ? smallest : weight));
}
