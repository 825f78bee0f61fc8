import type { Crop } from "../../plan/sampling/batch-plan.js";
import type { Zyx } from "../../plan/zyx.js";
import type { Mirror } from "./crop.js";

/** A crop as a worker needs it: its place in the batch, where its box starts (or which location says so), its mirroring. */
export interface PlacedCrop {
  readonly place: number;
  readonly from:
    | { readonly kind: "random"; readonly lower: Zyx }
    | { readonly kind: "foreground"; readonly classIndex: number; readonly location: number };
  readonly mirror: Mirror;
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
    const [z, y, x] = mirrorOf(crop);
    const start = crop.kind === "random" ? [-1, ...crop.lower] : [classes.indexOf(crop.class), crop.location, 0, 0];
    packed.set([place, ...start, (z ? 1 : 0) | (y ? 2 : 0) | (x ? 4 : 0)], FIELDS * index);
  }
  return packed;
}

/** The crops that `packCrops` packed. */
export function* unpackCrops(packed: Int32Array): Generator<PlacedCrop> {
  for (let at = 0; at < packed.length; at += FIELDS) {
    const [place, classIndex, a, b, c, bits] = packed.subarray(at, at + FIELDS) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    yield {
      place,
      from: classIndex === -1 ? { kind: "random", lower: [a, b, c] } : { kind: "foreground", classIndex, location: a },
      mirror: [(bits & 1) !== 0, (bits & 2) !== 0, (bits & 4) !== 0],
    };
  }
}

/** Mirroring an axis twice leaves it as it was. */
function mirrorOf(crop: Crop): Mirror {
  const mirrors = crop.transforms.filter((transform) => transform.kind === "mirror");
  const isMirrored = (axis: 0 | 1 | 2) => mirrors.filter(({ axes }) => axes.includes(axis)).length % 2 === 1;
  return [isMirrored(0), isMirrored(1), isMirrored(2)];
}
