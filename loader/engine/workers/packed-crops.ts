import type { Transform } from "../../../plan/augment/transform.js";
import type { Crop, RandomCrop } from "../../../plan/batch/batch-plan.js";
import { ANNOTATED } from "../../../plan/label-set.js";
import type { Zyx } from "../../../plan/zyx.js";
import { MIRROR_X, MIRROR_Y, MIRROR_Z } from "../../kernels/kernels.js";

/** A crop as a worker needs it: its place in the batch, where its box starts (or which location says so), its mirroring. */
export interface PlacedCrop {
  readonly place: number;
  readonly from:
    | { readonly kind: "random"; readonly lower: Zyx }
    | { readonly kind: "located"; readonly classIndex: number; readonly location: number };
  /** Axes, as kernels' bits. */
  readonly mirrored: number;
}

const FIELDS = 6;

/**
 * Crops as integers, six each: place, class index (-1 for a random box), Z,Y,X of the box or the location's number and
 * two zeros, mirrored axes as bits. A thousand small objects would cost more to send than their patches to cut.
 */
export function packCrops(
  crops: readonly { readonly place: number; readonly crop: Crop }[],
  classes: readonly number[],
): Int32Array {
  const packed = new Int32Array(FIELDS * crops.length);
  for (const [index, { place, crop }] of crops.entries()) {
    const start = crop.kind === "random" ? [-1, ...crop.lower] : [classes.indexOf(classOf(crop)), crop.location, 0, 0];
    packed.set([place, ...start, mirroredAxes(crop)], FIELDS * index);
  }
  return packed;
}

function classOf(crop: Exclude<Crop, RandomCrop>): number {
  return crop.kind === "annotated" ? ANNOTATED : crop.class;
}

/** The crops that `packCrops` packed. */
export function* unpackCrops(packed: Int32Array): Generator<PlacedCrop> {
  for (let at = 0; at < packed.length; at += FIELDS) {
    const field = (index: number) => packed[at + index] as number;
    const classIndex = field(1);
    yield {
      place: field(0),
      from:
        classIndex === -1
          ? { kind: "random", lower: [field(2), field(3), field(4)] }
          : { kind: "located", classIndex, location: field(2) },
      mirrored: field(5),
    };
  }
}

/** The transforms of each crop without its mirrorings, which are in the packed crops. */
export function unpackedTransforms(crops: readonly { readonly crop: Crop }[]): Transform[][] {
  return crops.map(({ crop }) => crop.transforms.filter(({ kind }) => kind !== "mirror"));
}

/** Mirroring an axis twice leaves it as it was. */
function mirroredAxes({ transforms }: Crop): number {
  const bits = [MIRROR_Z, MIRROR_Y, MIRROR_X] as const;
  const axes = transforms.flatMap((transform) => (transform.kind === "mirror" ? transform.axes : []));
  return axes.reduce<number>((mirrored, axis) => mirrored ^ bits[axis], 0);
}
