import type { Zyx } from "../../plan/zyx.js";
import type { Store, StoredCase } from "../dataset/store.js";
import type { Source } from "./patch-writer.js";

/**
 * Reads the part of a case that a box (`lower`, `size`: Z,Y,X, store voxels) touches. `lower` of the answer is the box's
 * start counted from that part, so that a crop there equals the crop from the whole volume.
 */
export async function readSource(
  store: Store,
  entry: StoredCase,
  lower: Zyx,
  size: Zyx,
): Promise<{ readonly source: Source; readonly lower: Zyx }> {
  const [channels, ...extent] = entry.shape;
  const clamp = (value: number, axis: 0 | 1 | 2) => Math.min(Math.max(value, 0), extent[axis]);
  const start = eachAxis((axis) => clamp(lower[axis], axis));
  const end = eachAxis((axis) => clamp(lower[axis] + size[axis], axis));
  const part = eachAxis((axis) => end[axis] - start[axis]);
  const isEmpty = part.includes(0);
  return {
    source: {
      image: {
        values: isEmpty ? new Float32Array() : await store.readImage(entry.id, { start, end }),
        shape: [channels, ...part],
      },
      label: {
        values: isEmpty ? new Int16Array() : await store.readLabel(entry.id, { start, end }),
        shape: [1, ...part],
      },
    },
    lower: eachAxis((axis) => lower[axis] - start[axis]),
  };
}

function eachAxis(value: (axis: 0 | 1 | 2) => number): Zyx {
  return [value(0), value(1), value(2)];
}
