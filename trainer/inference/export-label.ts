import type { CaseGeometry } from "../../client/types.js";
import { coarseAxis } from "../../plan/anisotropy.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import { resampleLinear, type Tap, taps } from "./resample.js";
import type { Maps, Slab } from "./sliding-window.js";

/** How a stored volume lies in its original file. */
export interface GridGeometry extends Omit<CaseGeometry, "affine" | "labelHeader"> {
  /** Spacing of the stored volume in mm (Z,Y,X). */
  readonly spacingMm: Zyx;
}

/** What logits mean: one class each, of which the largest counts, or regions that may overlap, with the stored value that each has. */
export type LabelReading =
  | { readonly kind: "classes" }
  | { readonly kind: "regions"; readonly values: readonly number[] };

export function labelReading({ regions, sourceValues }: Pick<LabelSet, "regions" | "sourceValues">): LabelReading {
  if (regions === undefined) return { kind: "classes" };
  return { kind: "regions", values: regions.map(({ exportValue }) => sourceValues.indexOf(exportValue)) };
}

/** Makes the label of a volume from its logits, plane by plane. */
export interface LabelMaker {
  /** Takes the planes that follow on those before. Their memory must stay as it is until the next call. */
  take(slab: Slab): void;
  /** (Z,Y,X of the source file) stored values; whole when all planes were taken. */
  readonly label: Uint8Array;
  /** (K,Z,Y,X of the source file), where they were asked for: outside of the crop 1 for the background, 0 for all else. */
  readonly probabilities: Float32Array | undefined;
}

/**
 * The label that logits of `shape` (K,Z,Y,X) on the store's grid mean: resampled to the cropped source grid, decided, pasted into the
 * uncropped volume (0 outside), transposed back (nnU-Net, `convert_predicted_logits_to_segmentation_with_correct_shape`). It holds
 * the label and a few planes of one class.
 */
export function labelMaker(
  [classes, ...from]: Maps["shape"],
  geometry: GridGeometry,
  reading: LabelReading,
  withProbabilities = false,
): LabelMaker {
  const { cropStart, cropEnd, originalShape, originalSpacingMm, transpose, spacingMm } = geometry;
  const to: Zyx = [cropEnd[0] - cropStart[0], cropEnd[1] - cropStart[1], cropEnd[2] - cropStart[2]];
  const targetMm: Zyx = [
    originalSpacingMm[transpose[0]] as number,
    originalSpacingMm[transpose[1]] as number,
    originalSpacingMm[transpose[2]] as number,
  ];
  const nearestAxis = coarseAxis(spacingMm, targetMm);
  const alongZ = taps(from[0], to[0], nearestAxis === 0);
  const inPlane = (plane: Float32Array) => resampleLinear(plane, [1, from[1], from[2]], [1, to[1], to[2]], nearestAxis);
  const paste = paster(geometry);
  const label = new Uint8Array(voxelCount(originalShape));
  const probabilities = withProbabilities ? backgroundEverywhere(classes, originalShape, reading) : undefined;
  let before: Slab | undefined;
  let next = 0;
  return {
    label,
    probabilities,
    take(slab) {
      const end = slab.z + slab.logits.shape[1];
      const planeOf = (k: number, z: number) => planeIn(z < slab.z ? (before as Slab) : slab, k, z);
      for (; next < to[0] && (alongZ[next] as Tap).high < end; next++) {
        const { low, high, share } = alongZ[next] as Tap;
        const logits = (k: number) => inPlane(between(planeOf(k, low), planeOf(k, high), share));
        paste(label, next, decide(logits, classes, to[1] * to[2], reading));
        if (probabilities === undefined) continue;
        for (const [k, plane] of probabilitiesOf(
          Array.from({ length: classes }, (_, k) => logits(k)),
          reading,
        ).entries())
          paste(probabilities.subarray(k * label.length, (k + 1) * label.length), next, plane);
      }
      before = slab;
    },
  };
}

function planeIn({ z: first, logits: { shape, values } }: Slab, k: number, z: number): Float32Array {
  const [, planes, height, width] = shape;
  const start = (k * planes + z - first) * height * width;
  return values.subarray(start, start + height * width);
}

function between(below: Float32Array, above: Float32Array, share: number): Float32Array {
  if (share === 0) return below;
  return below.map((value, i) => value + share * ((above[i] as number) - value));
}

/** Stored values of one plane; `logits` gives those of an output. Of equal logits the lowest class counts; of regions the last. */
function decide(
  logits: (k: number) => Float32Array,
  outputs: number,
  voxels: number,
  reading: LabelReading,
): Uint8Array {
  const label = new Uint8Array(voxels);
  if (reading.kind === "regions") {
    for (const [k, value] of reading.values.entries()) {
      const plane = logits(k);
      for (let voxel = 0; voxel < voxels; voxel++) if ((plane[voxel] as number) > 0) label[voxel] = value;
    }
    return label;
  }
  const largest = new Float32Array(voxels).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < outputs; k++) {
    const plane = logits(k);
    for (let voxel = 0; voxel < voxels; voxel++) {
      const logit = plane[voxel] as number;
      if (logit <= (largest[voxel] as number)) continue;
      largest[voxel] = logit;
      label[voxel] = k;
    }
  }
  return label;
}

/** What `LabelMaker.probabilities` has outside of the crop. */
function backgroundEverywhere(outputs: number, shape: Zyx, { kind }: LabelReading): Float32Array {
  const values = new Float32Array(outputs * voxelCount(shape));
  return kind === "classes" ? values.fill(1, 0, voxelCount(shape)) : values;
}

/** Probabilities of one plane's logits: of classes, which sum to 1, or of each region by itself. */
function probabilitiesOf(logits: readonly Float32Array[], { kind }: LabelReading): Float32Array[] {
  if (kind === "regions") return logits.map((plane) => plane.map((logit) => 1 / (1 + Math.exp(-logit))));
  const planes = logits.map((plane) => plane.slice());
  const voxels = planes[0]?.length ?? 0;
  for (let voxel = 0; voxel < voxels; voxel++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const plane of planes) largest = Math.max(largest, plane[voxel] as number);
    let sum = 0;
    for (const plane of planes) sum += Math.exp((plane[voxel] as number) - largest);
    for (const plane of planes) plane[voxel] = Math.exp((plane[voxel] as number) - largest) / sum;
  }
  return planes;
}

/** Lays plane `z` of the cropped grid into the source's. */
function paster({ cropStart, cropEnd, originalShape, transpose }: GridGeometry) {
  const sourceStride = [originalShape[1] * originalShape[2], originalShape[2], 1];
  const [strideZ, strideY, strideX] = transpose.map((axis) => sourceStride[axis] as number) as [number, number, number];
  return (label: Uint8Array | Float32Array, z: number, plane: Uint8Array | Float32Array): void => {
    let voxel = 0;
    for (let y = cropStart[1]; y < cropEnd[1]; y++) {
      const row = (cropStart[0] + z) * strideZ + y * strideY;
      for (let x = cropStart[2]; x < cropEnd[2]; x++) label[row + x * strideX] = plane[voxel++] as number;
    }
  };
}

/** `labelMaker` of logits that are all in memory. */
export function labelOnOriginalGrid(
  logits: Maps,
  geometry: GridGeometry,
  reading: LabelReading = { kind: "classes" },
): Uint8Array {
  const { label, take } = labelMaker(logits.shape, geometry, reading);
  take({ z: 0, logits });
  return label;
}
