import type { Zyx } from "./zyx.js";

/** Spacings further apart than this make nnU-Net treat the coarse axis apart (its `ANISO_THRESHOLD`). */
export const ANISOTROPY_THRESHOLD = 3;

/**
 * The one axis whose spacing is over three times the finest, along which nnU-Net resamples by nearest neighbour; looked for in
 * the spacing `fromMm` first, then in `toMm` (`determine_do_sep_z_and_axis`). Undefined: all axes alike, or two coarse ones.
 */
export function coarseAxis(fromMm: Zyx, toMm: Zyx): 0 | 1 | 2 | undefined {
  const spacing = [fromMm, toMm].find((mm) => Math.max(...mm) / Math.min(...mm) > ANISOTROPY_THRESHOLD);
  if (spacing === undefined) return undefined;
  const coarsest = ([0, 1, 2] as const).filter((axis) => spacing[axis] === Math.max(...spacing));
  return coarsest.length === 1 ? coarsest[0] : undefined;
}
