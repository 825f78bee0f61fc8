import type { LabelSet, Zyx } from "../../plan/index.js";

/** How much of an image a class or region fills. */
export interface ClassVolume {
  readonly name: string;
  /** What a voxel of it has in the file; of a region the value that it goes by. */
  readonly sourceValue: number;
  readonly voxels: number;
  readonly millilitres: number;
}

/** The volume of each class or region of a label of stored values. `spacingMm` (Z,Y,X) is a voxel's size. */
export function classVolumes(label: Uint8Array, labelSet: LabelSet, spacingMm: Zyx): ClassVolume[] {
  const counts = new Float64Array(256);
  for (const value of label) counts[value] = (counts[value] as number) + 1;
  const voxelMillilitres = (spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000;
  return countedClasses(labelSet).map(({ name, sourceValue, values }) => {
    const voxels = values.reduce((sum, value) => sum + (counts[value] as number), 0);
    return { name, sourceValue, voxels, millilitres: voxels * voxelMillilitres };
  });
}

function countedClasses({ labels, sourceValues, classes, regions }: LabelSet) {
  if (regions !== undefined)
    return regions.map(({ name, values, exportValue }) => ({ name, sourceValue: exportValue, values }));
  const names = new Map(Object.entries(labels).map(([name, stored]) => [stored, name]));
  return classes.map((stored) => {
    const sourceValue = sourceValues[stored] ?? stored;
    return { name: names.get(stored) ?? `label ${sourceValue}`, sourceValue, values: [stored] };
  });
}
