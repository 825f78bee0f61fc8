import type { Transform } from "../../../plan/augment/transform.js";
import { MIRROR_X, MIRROR_Y, MIRROR_Z } from "../../kernels/kernels.js";
import type { PatchCut } from "../cut/patch.js";

const BITS = [MIRROR_Z, MIRROR_Y, MIRROR_X] as const;

/** Transforms without the mirrorings, which become kernels' bits; mirroring an axis twice leaves it as it was. */
export function withoutMirrors(transforms: readonly Transform[]): Pick<PatchCut, "transforms" | "mirrored"> {
  const others: Transform[] = [];
  let mirrored = 0;
  for (const transform of transforms) {
    if (transform.kind !== "mirror") others.push(transform);
    else for (const axis of transform.axes) mirrored ^= BITS[axis];
  }
  return { transforms: others, mirrored };
}
