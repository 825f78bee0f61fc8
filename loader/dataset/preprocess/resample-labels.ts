import type { Zyx } from "../../../plan/zyx.js";
import type { Volume } from "../volume.js";
import { newToOldPosition } from "./cubic-spline.js";

/**
 * Resamples labels as batchgenerators' resize_segmentation of order 1 does since 0.25.5: each label's mask linearly, and the label
 * whose mask is largest wins; of equal ones the label of the nearest voxel if it is one of them, else the lowest. Sums run in
 * SciPy's order (ni_interpolation.c, NI_ZoomShift), so that what is a tie there is a tie here.
 */
export function resampleLabelsLinear(volume: Volume<Int16Array>, newShape: Zyx): Volume<Int16Array> {
  const { shape, values } = volume;
  const [zTaps, yTaps, xTaps] = [0, 1, 2].map((axis) =>
    linearTaps(shape[axis] as number, newShape[axis] as number),
  ) as [LinearTaps, LinearTaps, LinearTaps];
  const [slice, row] = [shape[1] * shape[2], shape[2]];
  const result = new Int16Array(newShape[0] * newShape[1] * newShape[2]);
  const corners = new Int32Array(8);
  const weights = new Float64Array(8);
  let to = 0;
  for (let z = 0; z < newShape[0]; z++) {
    for (let y = 0; y < newShape[1]; y++) {
      for (let x = 0; x < newShape[2]; x++) {
        for (let corner = 0; corner < 8; corner++) {
          const zAt = zTaps.positions[2 * z + (corner >> 2)] as number;
          const yAt = yTaps.positions[2 * y + ((corner >> 1) & 1)] as number;
          const xAt = xTaps.positions[2 * x + (corner & 1)] as number;
          corners[corner] = values[zAt * slice + yAt * row + xAt] as number;
        }
        if (allEqual(corners)) result[to++] = corners[0] as number;
        else {
          for (let corner = 0; corner < 8; corner++) {
            const zWeight = zTaps.weights[2 * z + (corner >> 2)] as number;
            const yWeight = yTaps.weights[2 * y + ((corner >> 1) & 1)] as number;
            weights[corner] = zWeight * yWeight * (xTaps.weights[2 * x + (corner & 1)] as number);
          }
          const nearest =
            4 * (zTaps.nearest[z] as number) + 2 * (yTaps.nearest[y] as number) + (xTaps.nearest[x] as number);
          result[to++] = heaviestLabel(corners, weights, corners[nearest] as number);
        }
      }
    }
  }
  return { shape: newShape, values: result };
}

function allEqual(labels: Int32Array): boolean {
  for (let i = 1; i < labels.length; i++) if (labels[i] !== labels[0]) return false;
  return true;
}

/** The label whose taps weigh most together; of equal ones `nearest` if it is one of them, else the lowest. */
function heaviestLabel(labels: Int32Array, weights: Float64Array, nearest: number): number {
  let chosen = 0;
  let most = -1;
  let ofNearest = 0;
  for (let tap = 0; tap < 8; tap++) {
    const label = labels[tap] as number;
    let weight = 0;
    for (let other = 0; other < 8; other++) if (labels[other] === label) weight += weights[other] as number;
    if (label === nearest) ofNearest = weight;
    if (weight < most || (weight === most && label >= chosen)) continue;
    most = weight;
    chosen = label;
  }
  return ofNearest === most ? nearest : chosen;
}

/** For each new voxel of an axis, the two old voxels around its centre, their weights, and which one is nearer (0 or 1). */
interface LinearTaps {
  readonly positions: Int32Array;
  readonly weights: Float64Array;
  /** SciPy's order 0: halves go up. */
  readonly nearest: Uint8Array;
}

function linearTaps(oldSize: number, newSize: number): LinearTaps {
  const positions = new Int32Array(2 * newSize);
  const weights = new Float64Array(2 * newSize);
  const nearest = new Uint8Array(newSize);
  for (let k = 0; k < newSize; k++) {
    const position = Math.min(Math.max(newToOldPosition(k, oldSize, newSize), 0), oldSize - 1);
    const floor = Math.floor(position);
    positions.set([floor, Math.min(floor + 1, oldSize - 1)], 2 * k);
    weights.set([1 - (position - floor), position - floor], 2 * k);
    nearest[k] = Math.floor(position + 0.5) - floor;
  }
  return { positions, weights, nearest };
}
