import type { Transform } from "../../../plan/augment/transform.js";
import type { Crop, RandomCrop } from "../../../plan/batch/batch-plan.js";
import { ANNOTATED } from "../../../plan/label-set.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { BatchPart } from "./split-batch.js";

/** A crop as a worker needs it: its place in the batch, its number in the global one, and where its box starts (or which location says so). */
export interface PlacedCrop {
  readonly place: number;
  readonly sample: number;
  readonly from:
    | { readonly kind: "random"; readonly lower: Zyx }
    | { readonly kind: "located"; readonly classIndex: number; readonly location: number };
}

const FIELDS = 6;

/**
 * Crops as integers, six each: place, sample, class index (-1 for a random box), Z,Y,X of the box or the location's number and two
 * zeros. A thousand small objects would cost more to send than their patches to cut.
 */
export function packCrops(crops: BatchPart["crops"], classes: readonly number[]): Int32Array {
  const packed = new Int32Array(FIELDS * crops.length);
  let at = 0;
  for (const { place, crop } of crops) {
    const isRandom = crop.kind === "random";
    packed[at] = place;
    packed[at + 1] = crop.sample;
    packed[at + 2] = isRandom ? -1 : classes.indexOf(classOf(crop));
    packed[at + 3] = isRandom ? crop.lower[0] : crop.location;
    packed[at + 4] = isRandom ? crop.lower[1] : 0;
    packed[at + 5] = isRandom ? crop.lower[2] : 0;
    at += FIELDS;
  }
  return packed;
}

function classOf(crop: Exclude<Crop, RandomCrop>): number {
  return crop.kind === "annotated" ? ANNOTATED : crop.class;
}

/** How many crops `packCrops` packed. */
export function packedCount(packed: Int32Array): number {
  return packed.length / FIELDS;
}

/** Crop number `index` of those that `packCrops` packed. */
export function unpackCrop(packed: Int32Array, index: number): PlacedCrop {
  const at = FIELDS * index;
  const field = (number: number) => packed[at + number] as number;
  const classIndex = field(2);
  return {
    place: field(0),
    sample: field(1),
    from:
      classIndex === -1
        ? { kind: "random", lower: [field(3), field(4), field(5)] }
        : { kind: "located", classIndex, location: field(3) },
  };
}

/** The transforms that a plan has drawn for crops; undefined where it has drawn none. */
export function plannedTransforms(crops: BatchPart["crops"]): (readonly Transform[] | undefined)[] | undefined {
  const transforms = crops.map(({ crop }) => crop.transforms);
  return transforms.some((drawn) => drawn !== undefined) ? transforms : undefined;
}
