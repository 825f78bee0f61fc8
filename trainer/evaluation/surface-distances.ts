import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";

/** How far the surfaces of two masks lie apart. */
export interface SurfaceDistances {
  /**
   * The larger of the two 95th percentiles of the distances (mm) from one surface to the other: infinite where one mask is empty, NaN
   * where both are.
   */
  readonly hausdorff95Mm: number;
  /** Share of both surfaces that lies within the tolerance of the other: 0 where one mask is empty, NaN where both are. */
  readonly surfaceDice: number;
}

/** A box of the grid, `end` outside. */
interface Box {
  readonly start: readonly [number, number, number];
  readonly end: readonly [number, number, number];
}

/**
 * HD95 and surface Dice of the voxels that have a value of `values` in two labels (Z,Y,X) of `size`. A surface is the voxels of a mask with
 * a neighbour on a face that is not of it; distances are between voxel centres (MONAI 1.6, `compute_hausdorff_distance` with
 * percentile 95 and `compute_surface_dice`, without sub-voxels).
 */
export function surfaceDistances(
  labels: readonly [predicted: Uint16Array, reference: Uint16Array],
  values: readonly number[],
  { size, spacingMm, toleranceMm }: { readonly size: Zyx; readonly spacingMm: Zyx; readonly toleranceMm: number },
): SurfaceDistances {
  const isOf = new Set(values);
  const box = boxAround(labels, isOf, size);
  if (box === undefined) return { hausdorff95Mm: Number.NaN, surfaceDice: Number.NaN };
  const cut: Zyx = [box.end[0] - box.start[0], box.end[1] - box.start[1], box.end[2] - box.start[2]];
  const [predicted, reference] = labels.map((label) => surfaceOf(maskIn(label, isOf, size, box), cut)) as [
    Uint32Array,
    Uint32Array,
  ];
  if (predicted.length === 0 || reference.length === 0)
    return { hausdorff95Mm: Number.POSITIVE_INFINITY, surfaceDice: 0 };
  const toReference = distancesTo(reference, predicted, cut, spacingMm);
  const toPredicted = distancesTo(predicted, reference, cut, spacingMm);
  const within = (distances: Float64Array) => distances.filter((distance) => distance <= toleranceMm).length;
  return {
    hausdorff95Mm: Math.max(percentile95(toReference), percentile95(toPredicted)),
    surfaceDice: (within(toReference) + within(toPredicted)) / (toReference.length + toPredicted.length),
  };
}

/** The smallest box with every voxel of the class in any of the labels. */
function boxAround(labels: readonly Uint16Array[], isOf: ReadonlySet<number>, size: Zyx): Box | undefined {
  const start: [number, number, number] = [...size];
  const end: [number, number, number] = [0, 0, 0];
  for (const label of labels) {
    let voxel = 0;
    for (let z = 0; z < size[0]; z++)
      for (let y = 0; y < size[1]; y++)
        for (let x = 0; x < size[2]; x++) {
          if (!isOf.has(label[voxel++] as number)) continue;
          for (const [axis, at] of [z, y, x].entries()) {
            start[axis as 0] = Math.min(start[axis as 0], at);
            end[axis as 0] = Math.max(end[axis as 0], at + 1);
          }
        }
  }
  return end[0] === 0 ? undefined : { start, end };
}

function maskIn(label: Uint16Array, isOf: ReadonlySet<number>, size: Zyx, { start, end }: Box): Uint8Array {
  const mask = new Uint8Array((end[0] - start[0]) * (end[1] - start[1]) * (end[2] - start[2]));
  let at = 0;
  for (let z = start[0]; z < end[0]; z++)
    for (let y = start[1]; y < end[1]; y++)
      for (let x = start[2]; x < end[2]; x++)
        mask[at++] = isOf.has(label[(z * size[1] + y) * size[2] + x] as number) ? 1 : 0;
  return mask;
}

/** Voxels of the mask that do not have all six neighbours; what lies outside is none. */
function surfaceOf(mask: Uint8Array, [depth, height, width]: Zyx): Uint32Array {
  const found: number[] = [];
  const at = (z: number, y: number, x: number) =>
    z < 0 || y < 0 || x < 0 || z >= depth || y >= height || x >= width ? 0 : mask[(z * height + y) * width + x];
  let voxel = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, voxel++) {
        if (mask[voxel] === 0) continue;
        const isInside =
          at(z - 1, y, x) &&
          at(z + 1, y, x) &&
          at(z, y - 1, x) &&
          at(z, y + 1, x) &&
          at(z, y, x - 1) &&
          at(z, y, x + 1);
        if (!isInside) found.push(voxel);
      }
  return Uint32Array.from(found);
}

/** Distance (mm) of each voxel of `from` to the nearest of `to`. */
function distancesTo(to: Uint32Array, from: Uint32Array, size: Zyx, spacingMm: Zyx): Float64Array {
  const squared = new Float64Array(voxelCount(size)).fill(Number.POSITIVE_INFINITY);
  for (const voxel of to) squared[voxel] = 0;
  for (const axis of [2, 1, 0] as const) {
    const stride = size.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const length = size[axis];
    const envelope = lowerEnvelope(length, spacingMm[axis]);
    for (let block = 0; block < squared.length; block += length * stride)
      for (let inner = 0; inner < stride; inner++) envelope(squared, block + inner, stride);
  }
  return Float64Array.from(from, (voxel) => Math.sqrt(squared[voxel] as number));
}

/**
 * Makes a function that replaces a line of squared distances by the least, over the line, of that of a voxel plus the squared way to it
 * (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012).
 */
function lowerEnvelope(length: number, stepMm: number) {
  const line = new Float64Array(length);
  const parabolas = new Int32Array(length);
  const begins = new Float64Array(length + 1);
  const place = (i: number) => i * stepMm;
  const crossing = (i: number, j: number) =>
    ((line[j] as number) + place(j) ** 2 - ((line[i] as number) + place(i) ** 2)) / (2 * (place(j) - place(i)));
  return (values: Float64Array, first: number, stride: number): void => {
    for (let i = 0; i < length; i++) line[i] = values[first + i * stride] as number;
    let last = -1;
    for (let j = 0; j < length; j++) {
      if (line[j] === Number.POSITIVE_INFINITY) continue;
      while (last >= 0 && crossing(parabolas[last] as number, j) <= (begins[last] as number)) last--;
      begins[last + 1] = last < 0 ? Number.NEGATIVE_INFINITY : crossing(parabolas[last] as number, j);
      parabolas[++last] = j;
    }
    if (last < 0) return;
    begins[last + 1] = Number.POSITIVE_INFINITY;
    for (let i = 0, at = 0; i < length; i++) {
      while ((begins[at + 1] as number) < place(i)) at++;
      const from = parabolas[at] as number;
      values[first + i * stride] = (line[from] as number) + (place(i) - place(from)) ** 2;
    }
  };
}

/** Between the two nearest ranks, as numpy and torch interpolate. */
function percentile95(values: Float64Array): number {
  const sorted = values.toSorted();
  const rank = 0.95 * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number];
  return low + (rank - Math.floor(rank)) * (high - low);
}
