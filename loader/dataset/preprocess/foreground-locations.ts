import { philox4x32 } from "../../../plan/random.js";
import type { Volume } from "../volume.js";

/**
 * nnU-Net's numbers (default_preprocessor.py, _sample_foreground_locations): voxels kept of a class, and of a large
 * one the least share.
 */
const MOST_LOCATIONS = 10000;
const LEAST_SHARE = 0.01;
const SEED = 1234;

/**
 * Voxels of each class, or of the label values that `valuesOf` gives for it: an (n,3) array of Z,Y,X in C order of the volume. All of them up to 10,000, else 10,000 or 1 %
 * (rounded up), whichever is more, drawn without replacement. The draws are Philox's, not numpy's, and do not depend on the case.
 */
export function foregroundLocations(
  label: Volume<Int16Array>,
  classes: readonly number[],
  valuesOf: (of: number) => readonly number[] = (value) => [value],
): Uint32Array[] {
  return classes.map((of) => {
    const isOf = tableOf(valuesOf(of));
    let total = 0;
    for (const value of label.values) total += isOf[value + 1] ?? 0;
    return placesOf(label, isOf, keptOrdinals(total, of));
  });
}

/** 1 at value + 1 of each label value, from -1 on. */
function tableOf(values: readonly number[]): Uint8Array {
  const table = new Uint8Array(Math.max(...values) + 2);
  for (const value of values) table[value + 1] = 1;
  return table;
}

/** Places (Z,Y,X) of those voxels of a class whose numbers, counted in C order, are in `ordinals` (ascending). */
function placesOf({ shape, values }: Volume<Int16Array>, isOf: Uint8Array, ordinals: Uint32Array): Uint32Array {
  const [, height, width] = shape;
  const places = new Uint32Array(3 * ordinals.length);
  let ordinal = 0;
  let row = 0;
  for (let i = 0; i < values.length && row < ordinals.length; i++) {
    if (isOf[(values[i] as number) + 1] !== 1 || ordinal++ !== ordinals[row]) continue;
    places.set([Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width], 3 * row);
    row++;
  }
  return places;
}

/** Which of `total` voxels stay, ascending: Floyd's sampling without replacement. */
function keptOrdinals(total: number, classValue: number): Uint32Array {
  const count = Math.max(Math.min(MOST_LOCATIONS, total), Math.ceil(total * LEAST_SHARE));
  const kept = new Set<number>();
  for (let last = total - count; last < total; last++) {
    const candidate = count === total ? last : drawUpTo(last, classValue);
    kept.add(kept.has(candidate) ? last : candidate);
  }
  return Uint32Array.from(kept).sort();
}

/** An integer from 0 to `last`, the draw's number being `last` itself. */
function drawUpTo(last: number, classValue: number): number {
  const [high, low] = philox4x32([last, classValue, 0, 0], [SEED, 0]);
  return Math.floor((((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53) * (last + 1));
}
