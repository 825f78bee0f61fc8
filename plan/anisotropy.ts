import type { Zyx } from "./zyx.js";

/** Where the coarsest spacing is more than this many times the finest, nnU-Net treats that axis separately (`ANISO_THRESHOLD`). */
export const ANISOTROPY_THRESHOLD = 3;

/**
 * The one axis whose spacing is more than three times the finest: nnU-Net resamples along it by nearest neighbour. It is looked
 * for in `fromMm` first, then in `toMm` (`determine_do_sep_z_and_axis`). Undefined where no axis is that coarse, or two are.
 */
export function coarseAxis(fromMm: Zyx, toMm: Zyx): 0 | 1 | 2 | undefined {
  const spacing = [fromMm, toMm].find((mm) => Math.max(...mm) / Math.min(...mm) > ANISOTROPY_THRESHOLD);
  if (spacing === undefined) return undefined;
  const coarsest = ([0, 1, 2] as const).filter((axis) => spacing[axis] === Math.max(...spacing));
  return coarsest.length === 1 ? coarsest[0] : undefined;
}
