import type { SpatialTransform, Transform } from "../../plan/augment/transform.js";
import type { ImageType, WireFormat } from "../../plan/spec.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Kernels } from "../kernels/kernels.js";
import { downsampleLabel, type LabelValues, type NearestVoxels, nearestVoxels } from "./downsample-label.js";
import type { Grid, Source } from "./grid.js";
import { resampleImage, resampleLabel } from "./resample.js";
import { type PatchSizes, type Scratch, scratchAt } from "./scratch.js";
import { batchTensors } from "./tensors.js";
import { applyTransforms } from "./transforms/apply.js";
import { spatialGrid } from "./transforms/spatial.js";

export interface PatchFormat extends PatchSizes {
  readonly wire: WireFormat;
  /** Sizes (Z,Y,X) of the further labels of deep supervision. */
  readonly deepLabels: readonly Zyx[];
  /** The run's seed. */
  readonly seed: number;
}

/** Where a batch's tensors are written: `samples` of them from byte `offset` of `buffer` on. */
export interface BatchPlace {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly samples: number;
  readonly channels: number;
}

/** Kernels, and where in their memory patches are made: `scratchBytes` from `offset` on. */
export interface Workplace {
  readonly kernels: Kernels;
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
}

/** How one patch is cut. */
export interface PatchCut {
  /** First voxel (Z,Y,X, voxels of the source) of the box. */
  readonly lower: Zyx;
  readonly transforms: readonly Transform[];
  /** Axes, as kernels' bits. */
  readonly mirrored: number;
  /** Its place in the batch. */
  readonly place: number;
}

/** Cuts a patch from a source that lies in the kernels' memory. */
export type CutPatch = (source: Source, cut: PatchCut) => void;

/**
 * The cutter of a batch's patches, laid out as `batchTensors` says. The box is read, turned and zoomed; resampled where the
 * patch has another size (Progressive Resolution); augmented a channel at a time; and mirrored and converted on its way to
 * the batch. The further labels of deep supervision are the full one, down-sampled. Outside of the volume the image is 0 and
 * the label -1; on the wire label -1 is 0, as at the end of nnU-Net's pipeline.
 */
export function patchCutter(format: PatchFormat, batch: BatchPlace, workplace: Workplace): CutPatch {
  const scratch = scratchAt(workplace.buffer, workplace.offset, format);
  const writeImage = imageWriter(format, batch, workplace.kernels, scratch);
  const writeLabel = labelWriter(format, batch, workplace.kernels, scratch);
  return (source, cut) => {
    const spatial = cut.transforms.find((transform) => transform.kind === "spatial");
    if (spatial !== undefined) scratch.tables.grid.set(spatialGrid(spatial, format.cropSize));
    const label = writeLabel(source.label, cut, spatial);
    writeImage(source.image, label, cut, spatial);
  };
}

function imageWriter(
  format: PatchFormat,
  { buffer, offset, samples, channels }: BatchPlace,
  kernels: Kernels,
  { images, tables }: Scratch,
): (image: Grid<Float32Array>, label: Int16Array, cut: PatchCut, spatial: SpatialTransform | undefined) => void {
  const { wire, deepLabels, cropSize, patchSize, seed } = format;
  const [place] = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  const count = samples * channels * voxelCount(patchSize);
  const at = offset + place.offset;
  const tensor = wire.image === "f32" ? new Float32Array(buffer, at, count) : new Uint16Array(buffer, at, count);
  const [cropVoxels, voxels] = [voxelCount(cropSize), voxelCount(patchSize)];
  const resampled = isResampled(format);
  const tools = { kernels, tables, seed };
  const crop = { values: images[0].subarray(0, cropVoxels), size: cropSize };
  const [values, spare] = (resampled ? [images[1], images[0]] : images).map((image) => image.subarray(0, voxels)) as [
    Float32Array,
    Float32Array,
  ];
  return ({ values: volume, shape: [, ...size] }, label, { lower, transforms, mirrored, place }, spatial) => {
    for (let index = 0; index < channels; index++) {
      const source = { values: channels === 1 ? volume : channelOf(volume, index, size), size };
      if (spatial === undefined) kernels.cropImage(crop, source, lower);
      else kernels.warpImage(crop, source, lower, tables.grid);
      if (resampled) resampleImage({ values: crop.values, shape: [1, ...cropSize] }, patchSize, values);
      const augmented = applyTransforms(transforms, { values, spare, label, index, size: patchSize }, tools);
      const written = converted(wire.image, augmented.values, augmented.spare, patchSize, mirrored, kernels);
      const first = place * channels * voxels;
      if (wire.layout === "channels-first") tensor.set(written, first + index * voxels);
      else for (let i = 0; i < voxels; i++) tensor[first + i * channels + index] = written[i] as number;
    }
  };
}

function isResampled({ cropSize, patchSize }: PatchFormat): boolean {
  return cropSize.some((extent, axis) => extent !== patchSize[axis]);
}

function channelOf(volume: Float32Array, index: number, size: Zyx): Float32Array {
  return volume.subarray(index * voxelCount(size), (index + 1) * voxelCount(size));
}

/** The patch in its wire type, mirrored, in `spare`; or `values` themselves where nothing changes. */
function converted(
  type: ImageType,
  values: Float32Array,
  spare: Float32Array,
  size: Zyx,
  mirrored: number,
  kernels: Kernels,
): Float32Array | Uint16Array {
  if (type === "f32") {
    if (mirrored === 0) return values;
    kernels.writeF32(spare, { values, size }, mirrored);
    return spare;
  }
  const halves = new Uint16Array(spare.buffer, spare.byteOffset, spare.length);
  if (type === "f16") kernels.writeF16(halves, { values, size }, mirrored);
  else kernels.writeBf16(halves, { values, size }, mirrored);
  return halves;
}

/** What it writes it also returns, as it is before it is mirrored and -1 becomes 0. */
function labelWriter(
  format: PatchFormat,
  { buffer, offset, samples, channels }: BatchPlace,
  kernels: Kernels,
  { labels, tables }: Scratch,
): (label: Grid<Int16Array>, cut: PatchCut, spatial: SpatialTransform | undefined) => Int16Array {
  const { wire, deepLabels, cropSize, patchSize } = format;
  const [, ...places] = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  const [full, ...deeper] = places.map((tensor) => {
    const start = offset + tensor.offset;
    return wire.label === "u8"
      ? new Uint8Array(buffer, start, tensor.byteLength)
      : new Int16Array(buffer, start, tensor.byteLength / 2);
  }) as [LabelValues, ...LabelValues[]];
  const nearest = deepLabels.map((size) => nearestVoxels(patchSize, size));
  const [cropVoxels, voxels] = [voxelCount(cropSize), voxelCount(patchSize)];
  const resampled = isResampled(format);
  const crop = { values: labels[0].subarray(0, cropVoxels), size: cropSize };
  const [values, spare] = (resampled ? [labels[1], labels[0]] : labels).map((label) => label.subarray(0, voxels)) as [
    Int16Array,
    Int16Array,
  ];
  const patch = { values, size: patchSize };
  const written = wire.label === "u8" ? new Uint8Array(spare.buffer, spare.byteOffset, voxels) : spare;
  return ({ values: volume, shape: [, ...size] }, { lower, mirrored, place }, spatial) => {
    const source = { values: volume, size };
    if (spatial === undefined) kernels.cropLabel(crop, source, lower);
    else kernels.warpLabel(crop, source, lower, tables.grid);
    if (resampled) resampleLabel({ values: crop.values, shape: [1, ...cropSize] }, patchSize, values);
    if (written instanceof Uint8Array) kernels.writeLabelU8(written, patch, mirrored);
    else kernels.writeLabelI16(written, patch, mirrored);
    full.set(written, place * voxels);
    for (const [level, target] of deeper.entries())
      downsampleLabel({ values: written, size: patchSize }, nearest[level] as NearestVoxels, target, place);
    return values;
  };
}
