import { batchTensors } from "../../../plan/batch/tensors.js";
import type { ImageType } from "../../../plan/run-spec/resolved-spec.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { Grid, Kernels } from "../../kernels/kernels.js";
import { isResampled, type Scratch } from "../memory/scratch.js";
import type { BatchPlace, PatchCut, PatchFormat, Workplace } from "./patch.js";
import { resampleImage } from "./resample.js";
import { planesOf, slabsOf, sourcePlane, wholePatch } from "./slabs.js";
import type { ChannelVolume } from "./source.js";
import { tensorOutput } from "./tensor-output.js";
import { applyTransforms } from "./transforms/apply.js";

type WireImage = Float32Array | Uint16Array;

/** Writes the image of a patch, whose label (before mirroring) masks it where a transform says so. */
export function imageWriter(
  format: PatchFormat,
  { buffer, offset, samples, channels, wrote }: BatchPlace,
  workplace: Workplace,
  { images, tables }: Scratch,
): (image: ChannelVolume<Float32Array>, label: Int16Array, cut: PatchCut) => void {
  const { wire, deepLabels, cropSize, patchSize, seed } = format;
  const { kernels } = workplace;
  const [place] = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  const [cropVoxels, voxels] = [voxelCount(cropSize), voxelCount(patchSize)];
  const output = tensorOutput<WireImage>(
    wireImage(wire.image, buffer, offset + place.offset, samples * channels * voxels),
    place,
    { channels, voxels, isChannelsLast: wire.layout === "channels-last" },
    { tensor: 0, isDirect: buffer === workplace.buffer, wrote },
  );
  const convert = converter(wire.image, kernels);
  const slabs = slabsOf(patchSize);
  const resampled = isResampled(format);
  const crop = { values: images[0].subarray(0, cropVoxels), size: cropSize };
  const [values, spare] = (resampled ? [images[1], images[0]] : images).map((image) => image.subarray(0, voxels)) as [
    Float32Array,
    Float32Array,
  ];
  const tools = { kernels, tables, seed };

  const turn = (target: Grid<Float32Array>, source: Grid<Float32Array>, lower: Zyx, mirrored: number) =>
    kernels.warpImage(target, source, lower, tables.grid, mirrored, tables.row);

  const make = (source: Grid<Float32Array>, label: Int16Array, { lower, transforms }: PatchCut, index: number) => {
    if (transforms.some(({ kind }) => kind === "spatial")) turn(crop, source, lower, 0);
    else kernels.cropImage(crop, source, lower);
    if (resampled) resampleImage({ values: crop.values, shape: [1, ...cropSize] }, patchSize, values);
    return applyTransforms(transforms, { values, spare, label, index, size: patchSize }, tools);
  };

  const writeMade = (source: Grid<Float32Array>, label: Int16Array, cut: PatchCut, channel: number) => {
    const made = make(source, label, cut, channel);
    const spareWire = asWire(wire.image, made.spare);
    for (const slab of slabs) {
      const target = output.target(cut.place, channel, slab, spareWire);
      convert(target, planesOf(made.values, slab, cut.mirrored), cut.mirrored);
      output.put(cut.place, channel, slab, target);
    }
  };

  const whole = wholePatch(patchSize);
  const spareWire = asWire(wire.image, spare);
  const copies = slabs.map((slab) => ({ slab, planes: { values: values.subarray(0, slab.voxels), size: slab.size } }));
  const writeCopy = (source: Grid<Float32Array>, { lower: [z, y, x], place, mirrored }: PatchCut, channel: number) => {
    for (const { slab, planes } of copies) {
      const lower = [z + sourcePlane(slab, mirrored), y, x] as const;
      const target = output.target(place, channel, slab, spareWire);
      if (mirrored === 0 && target instanceof Float32Array)
        kernels.cropImage({ values: target, size: slab.size }, source, lower);
      else {
        kernels.cropImage(planes, source, lower);
        convert(target, planes, mirrored);
      }
      output.put(place, channel, slab, target);
    }
  };

  const writeTurned = (target: Float32Array, source: Grid<Float32Array>, cut: PatchCut, channel: number) => {
    turn({ values: target, size: patchSize }, source, cut.lower, cut.mirrored);
    output.put(cut.place, channel, whole, target);
  };

  return ({ values: volume, shape: [, ...size] }, label, cut) => {
    const isCopy = cut.transforms.length === 0 && !resampled;
    const isOnlyTurned = !resampled && !isCopy && cut.transforms.every(({ kind }) => kind === "spatial");
    for (let channel = 0; channel < channels; channel++) {
      const source = { values: channels === 1 ? volume : channelOf(volume, channel, size), size };
      const target = isOnlyTurned ? output.target(cut.place, channel, whole, spareWire) : undefined;
      if (target instanceof Float32Array) writeTurned(target, source, cut, channel);
      else if (isCopy) writeCopy(source, cut, channel);
      else writeMade(source, label, cut, channel);
    }
  };
}

function channelOf(volume: Float32Array, index: number, size: Zyx): Float32Array {
  return volume.subarray(index * voxelCount(size), (index + 1) * voxelCount(size));
}

function wireImage(type: ImageType, buffer: ArrayBufferLike, offset: number, count: number): WireImage {
  return type === "f32" ? new Float32Array(buffer, offset, count) : new Uint16Array(buffer, offset, count);
}

/** The same memory as values of the wire type. */
function asWire(type: ImageType, { buffer, byteOffset, length }: Float32Array): WireImage {
  return wireImage(type, buffer, byteOffset, length);
}

/** Writes planes in a wire type, mirrored. */
function converter(
  type: ImageType,
  kernels: Kernels,
): (target: WireImage, planes: Grid<Float32Array>, mirrored: number) => void {
  return (target, planes, mirrored) => {
    if (target instanceof Float32Array) kernels.writeF32(target, planes, mirrored);
    else if (type === "f16") kernels.writeF16(target, planes, mirrored);
    else kernels.writeBf16(target, planes, mirrored);
  };
}
