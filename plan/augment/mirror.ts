import { drawUniform, PURPOSE, type SamplePlace } from "../random.js";
import type { Transform } from "../sampling/batch-plan.js";
import type { Augmentation } from "../spec.js";

/**
 * Flips of one sample: each listed axis with probability 0.5, as nnU-Net's mirroring. `entry` is the augmentation's
 * position in the spec's list. Undefined where nothing is flipped.
 */
export function drawMirror(place: SamplePlace, entry: number, { axes }: Augmentation): Transform | undefined {
  const flipped = axes.filter(
    (axis) => drawUniform({ ...place, purpose: PURPOSE.mirror, index: 3 * entry + axis }) < 0.5,
  );
  return flipped.length === 0 ? undefined : { kind: "mirror", axes: flipped };
}
