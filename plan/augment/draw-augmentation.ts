import type { DrawPlace } from "../random.js";
import type { Augmentation } from "./augmentation.js";
import { drawBlur } from "./blur.js";
import { drawBrightness } from "./brightness.js";
import { drawContrast } from "./contrast.js";
import { drawGamma } from "./gamma.js";
import { drawLowResolution } from "./low-resolution.js";
import { drawMirror } from "./mirror.js";
import { drawNoise } from "./noise.js";
import { drawSpatial } from "./spatial.js";
import type { Subject } from "./subject.js";
import type { Transform } from "./transform.js";

/** What the transforms of all samples of a batch are drawn from; plain JSON. */
export interface BatchAugmentation extends Omit<DrawPlace, "sample">, Omit<Subject, "place"> {
  readonly augmentation: readonly Augmentation[];
}

/** The transforms of sample number `sample` of a global batch. */
export function drawTransforms(
  { augmentation, seed, timeline, step, cropSize, channels }: BatchAugmentation,
  sample: number,
): Transform[] {
  return drawAugmentation(augmentation, { place: { seed, timeline, step, sample }, cropSize, channels });
}

/**
 * The transforms of one sample, in the list's order. Every number is drawn at a place of its own: adding or removing an entry
 * does not change the numbers of the other entries.
 */
export function drawAugmentation(augmentation: readonly Augmentation[], subject: Subject): Transform[] {
  const transforms: Transform[] = [];
  for (const entry of augmentation) {
    const transform = drawTransform(entry, subject);
    if (transform !== undefined) transforms.push(transform);
  }
  return transforms;
}

function drawTransform(entry: Augmentation, subject: Subject): Transform | undefined {
  switch (entry.kind) {
    case "spatial":
      return drawSpatial(entry, subject);
    case "noise":
      return drawNoise(entry, subject);
    case "blur":
      return drawBlur(entry, subject);
    case "brightness":
      return drawBrightness(entry, subject);
    case "contrast":
      return drawContrast(entry, subject);
    case "low-resolution":
      return drawLowResolution(entry, subject);
    case "gamma":
      return drawGamma(entry, subject);
    case "mirror":
      return drawMirror(entry, subject);
    case "mask":
      return entry.channels && { kind: "mask", channels: entry.channels };
  }
}
