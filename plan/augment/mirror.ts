import { drawEvent, PURPOSE } from "../random.js";
import type { MirrorAugmentation } from "./augmentation.js";
import type { Subject } from "./subject.js";
import type { MirrorTransform } from "./transform.js";

/** Flips of one sample: each listed axis is drawn independently (batchgeneratorsv2, `MirrorTransform`). */
export function drawMirror({ axes }: MirrorAugmentation, { place }: Subject): MirrorTransform | undefined {
  const flipped: (0 | 1 | 2)[] = [];
  for (const axis of axes) if (drawEvent(place, PURPOSE.mirror, axis, 0.5)) flipped.push(axis);
  return flipped.length === 0 ? undefined : { kind: "mirror", axes: flipped };
}
