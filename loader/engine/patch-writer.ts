import type { WireFormat } from "../../plan/spec.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import { cropBox, type Grid, type Mirror, UNMIRRORED } from "./crop.js";
import { resampleImage, resampleLabel } from "./resample.js";
import { copyF32, copyI16, f32BitsToBf16, f32BitsToF16, labelToI16, labelToU8 } from "./rows.js";
import { batchTensors } from "./tensors.js";

/** The image and label that a patch is cut from: a whole volume, or a part of one. */
export interface Source {
  readonly image: Grid<Float32Array>;
  readonly label: Grid<Int16Array>;
}

interface PatchFormat {
  readonly wire: WireFormat;
  /** Size (Z,Y,X) of the tensors, and of the box that is read; resampled where they differ. */
  readonly patchSize: Zyx;
  readonly cropSize: Zyx;
}

/** Cuts a patch whose box starts at `lower` (Z,Y,X, voxels of `source`) into place number `place` of the batch. */
export type WritePatch = (source: Source, lower: Zyx, mirror: Mirror, place: number) => void;

type WriteTensor<Values extends Float32Array | Int16Array> = (
  source: Grid<Values>,
  lower: Zyx,
  mirror: Mirror,
  place: number,
) => void;

/**
 * The writer of a batch's patches: `samples` of them from byte `offset` of `buffer` on, laid out as `batchTensors` says.
 * Outside of the volume the image is 0 and the label -1; on the wire label -1 is 0, as at the end of nnU-Net's pipeline.
 */
export function patchWriter(
  { wire, patchSize, cropSize }: PatchFormat,
  batch: { buffer: SharedArrayBuffer | ArrayBuffer; offset: number; samples: number; channels: number },
): WritePatch {
  const { buffer, offset, samples, channels } = batch;
  const [image, label] = batchTensors(wire, { samples, channels, patchSize });
  const writeImage = imageWriter(wire, patchSize, { buffer, offset: offset + image.offset, bytes: image.byteLength });
  const writeLabel = labelWriter(wire, patchSize, { buffer, offset: offset + label.offset, bytes: label.byteLength });
  if (cropSize.every((extent, axis) => extent === patchSize[axis])) {
    return (source, lower, mirror, place) => {
      writeImage(source.image, lower, mirror, place);
      writeLabel(source.label, lower, mirror, place);
    };
  }
  const resample = resampler(channels, cropSize, patchSize);
  return (source, lower, mirror, place) => {
    const resampled = resample(source, lower);
    writeImage(resampled.image, [0, 0, 0], mirror, place);
    writeLabel(resampled.label, [0, 0, 0], mirror, place);
  };
}

/** The bytes of one tensor. */
interface TensorBytes {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly bytes: number;
}

function imageWriter(wire: WireFormat, size: Zyx, { buffer, offset, bytes }: TensorBytes): WriteTensor<Float32Array> {
  const channelsLast = wire.layout === "channels-last";
  const at = (source: Grid<Float32Array>, place: number) => place * source.shape[0] * voxelCount(size);
  if (wire.image === "f32") {
    const values = new Float32Array(buffer, offset, bytes / 4);
    return (source, lower, mirror, place) =>
      cropBox(source, { lower, size }, mirror, { values, at: at(source, place), channelsLast, outside: 0 }, copyF32);
  }
  const values = new Uint16Array(buffer, offset, bytes / 2);
  const copyRow = wire.image === "f16" ? f32BitsToF16 : f32BitsToBf16;
  return (source, lower, mirror, place) => {
    const target = { values, at: at(source, place), channelsLast, outside: 0 };
    cropBox(bitsOf(source), { lower, size }, mirror, target, copyRow);
  };
}

function bitsOf({ values, shape }: Grid<Float32Array>): Grid<Uint32Array> {
  return { values: new Uint32Array(values.buffer, values.byteOffset, values.length), shape };
}

function labelWriter(wire: WireFormat, size: Zyx, { buffer, offset, bytes }: TensorBytes): WriteTensor<Int16Array> {
  const common = { channelsLast: false, outside: 0 };
  if (wire.label === "u8") {
    const values = new Uint8Array(buffer, offset, bytes);
    return (source, lower, mirror, place) =>
      cropBox(source, { lower, size }, mirror, { values, at: place * voxelCount(size), ...common }, labelToU8);
  }
  const values = new Int16Array(buffer, offset, bytes / 2);
  return (source, lower, mirror, place) =>
    cropBox(source, { lower, size }, mirror, { values, at: place * voxelCount(size), ...common }, labelToI16);
}

/** Cuts a box and resamples it to the patch (Progressive Resolution), in scratch memory that the next call overwrites. */
function resampler(channels: number, cropSize: Zyx, patchSize: Zyx): (source: Source, lower: Zyx) => Source {
  const cropShape = [channels, ...cropSize] as const;
  const crop = {
    image: { values: new Float32Array(channels * voxelCount(cropSize)), shape: cropShape },
    label: { values: new Int16Array(voxelCount(cropSize)), shape: [1, ...cropSize] as const },
  };
  const patch: Source = {
    image: { values: new Float32Array(channels * voxelCount(patchSize)), shape: [channels, ...patchSize] },
    label: { values: new Int16Array(voxelCount(patchSize)), shape: [1, ...patchSize] },
  };
  return (source, lower) => {
    const box = { lower, size: cropSize };
    const place = { at: 0, channelsLast: false };
    cropBox(source.image, box, UNMIRRORED, { ...place, values: crop.image.values, outside: 0 }, copyF32);
    cropBox(source.label, box, UNMIRRORED, { ...place, values: crop.label.values, outside: -1 }, copyI16);
    resampleImage(crop.image, patchSize, patch.image.values);
    resampleLabel(crop.label, patchSize, patch.label.values);
    return patch;
  };
}
