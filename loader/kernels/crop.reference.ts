import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Grid, StoredLabel } from "./kernels.js";
import { valueAt } from "./value-at.reference.js";

function crop(target: Grid<Float32Array | Int16Array>, source: Grid<Float32Array | StoredLabel>, lower: Zyx): void {
  let to = 0;
  for (let z = 0; z < target.size[0]; z++)
    for (let y = 0; y < target.size[1]; y++)
      for (let x = 0; x < target.size[2]; x++)
        target.values[to++] = valueAt(source, [lower[0] + z, lower[1] + y, lower[2] + x]);
}

export function cropImage(target: Grid<Float32Array>, source: Grid<Float32Array>, lower: Zyx): void {
  crop(target, source, lower);
}

export function cropLabel(target: Grid<Int16Array>, source: Grid<StoredLabel>, lower: Zyx): void {
  crop(target, source, lower);
}

export function cropLabelU8(target: Grid<Uint8Array>, source: Grid<Uint8Array>, lower: Zyx): void {
  const label = { values: new Int16Array(voxelCount(target.size)), size: target.size };
  cropLabel(label, source, lower);
  for (const [i, value] of label.values.entries()) target.values[i] = Math.max(value, 0);
}
