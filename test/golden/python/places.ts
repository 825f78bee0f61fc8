import { foregroundLower, randomStartBounds } from "../../../plan/sampling/box.js";
import { foldSplit } from "../../../plan/sampling/splits.js";
import type { Zyx } from "../../../plan/zyx.js";
import { chance } from "./chance.js";

/** Where boxes lie: bounds of random ones, and those around a voxel. */
export function goldenBoxes() {
  const { integer } = chance(3);
  const zyx = (most: number): Zyx => [integer(1, most), integer(1, most), integer(1, most)];
  return Array.from({ length: 40 }, () => {
    const [shape, cropSize] = [zyx(60), zyx(60)];
    const voxel: Zyx = [integer(0, shape[0] - 1), integer(0, shape[1] - 1), integer(0, shape[2] - 1)];
    return {
      shape,
      cropSize,
      voxel,
      ...randomStartBounds(shape, cropSize),
      start: foregroundLower(voxel, shape, cropSize),
    };
  });
}

/** Folds of names that are not in order, some of which stay together. */
export function goldenSplits() {
  const { integer, one } = chance(4);
  return Array.from({ length: 12 }, () => {
    const names = Array.from(
      { length: integer(12, 40) },
      (_, index) => `${one(["b", "a", "\uff21", "\u{1f9e0}"])}${index}`,
    );
    const subjects = names.filter((_, index) => index % 4 !== 3).map((name) => [name]);
    for (const [index, name] of names.entries()) if (index % 4 === 3) subjects[integer(0, 3)]?.push(name);
    const folds = integer(2, 5);
    const choice = { folds, fold: integer(0, folds - 1), seed: integer(0, 2 ** 32 - 1) };
    return { subjects, ...choice, split: foldSplit(subjects, choice) };
  });
}
