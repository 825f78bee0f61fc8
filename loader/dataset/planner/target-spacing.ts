import { ANISOTROPY_THRESHOLD } from "../../../plan/anisotropy.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { DatasetFingerprint } from "./fingerprint.js";
import { percentile, percentilePerAxis } from "./percentile.js";

/**
 * The spacing (mm) that every case is resampled to: the median of each axis, but a finer one for an axis that is both coarse
 * and short (nnU-Net, default_experiment_planner.py, determine_fullres_target_spacing).
 */
export function targetSpacing({ spacings, shapes_after_crop }: DatasetFingerprint): Zyx {
  const target = percentilePerAxis(spacings, 50);
  const size = percentilePerAxis(shapes_after_crop, 50);
  const worst = coarsestAxis(target);
  const others = ([0, 1, 2] as const).filter((axis) => axis !== worst);
  const otherSpacing = Math.max(...others.map((axis) => target[axis]));
  const otherSize = Math.min(...others.map((axis) => size[axis]));
  const coarse = target[worst] > ANISOTROPY_THRESHOLD * otherSpacing;
  const short = size[worst] * ANISOTROPY_THRESHOLD < otherSize;
  if (coarse && short) {
    const finer = percentile(
      spacings.map((spacing) => spacing[worst]),
      10,
    );
    target[worst] = finer < otherSpacing ? otherSpacing + 1e-5 : finer;
  }
  return target;
}

/** nnU-Net's transpose_forward: the coarsest axis comes first. */
export function transposeForward(spacingMm: Zyx): Zyx {
  const first = coarsestAxis(spacingMm);
  const [second, third] = ([0, 1, 2] as const).filter((axis) => axis !== first) as [number, number];
  return [first, second, third];
}

function coarsestAxis(spacingMm: Zyx): 0 | 1 | 2 {
  return spacingMm.indexOf(Math.max(...spacingMm)) as 0 | 1 | 2;
}
