import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Grid, StoredLabel } from "./kernels.js";
import { mirroredIndex } from "./mirrored.reference.js";
import { valueAt } from "./value-at.reference.js";

function crop(
  { values, size }: Grid<Float32Array | Int16Array>,
  source: Grid<Float32Array | StoredLabel>,
  lower: Zyx,
  mirrored: number,
): void {
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++)
        values[mirroredIndex([z, y, x], size, mirrored)] = valueAt(source, [lower[0] + z, lower[1] + y, lower[2] + x]);
}

export function cropImage(target: Grid<Float32Array>, source: Grid<Float32Array>, lower: Zyx, mirrored: number): void {
  crop(target, source, lower, mirrored);
}

export function cropLabel(target: Grid<Int16Array>, source: Grid<StoredLabel>, lower: Zyx, mirrored: number): void {
  crop(target, source, lower, mirrored);
}

export function cropLabelU8(target: Grid<Uint8Array>, source: Grid<Uint8Array>, lower: Zyx, mirrored: number): void {
  const label = { values: new Int16Array(voxelCount(target.size)), size: target.size };
  cropLabel(label, source, lower, mirrored);
  for (const [i, value] of label.values.entries()) target.values[i] = Math.max(value, 0);
}
