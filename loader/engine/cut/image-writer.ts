import { batchTensors } from "../../../plan/batch/tensors.js";
import type { ImageType } from "../../../plan/run-spec/resolved-spec.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { type Grid, needsNoRoom } from "../../kernels/kernels.js";
import { isResampled, type Scratch } from "../memory/scratch.js";
import type { BatchPlace, PatchCut, PatchFormat, Workplace } from "./patch.js";
import { resampleImage } from "./resample.js";
import { type Slab, slabsOf, sourcePlane, valuesOf, wholePatch } from "./slabs.js";
import type { ChannelVolume } from "./source.js";
import { tensorOutput } from "./tensor-output.js";
import { applyTransforms, endsInSpare } from "./transforms/apply.js";
import type { Channel } from "./transforms/channel.js";
import { isTurned } from "./transforms/spatial.js";

type WireImage = Float32Array | Uint16Array;

/** Writes the image of a patch, whose label (before -1 became 0) masks it where a transform says so. */
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
  const isDirect = buffer === workplace.buffer;
  const output = tensorOutput<WireImage>(
    wireImage(wire.image, buffer, offset + place.offset, samples * channels * voxels),
    place,
    { channels, voxels, isChannelsLast: wire.layout === "channels-last" },
    { tensor: 0, isDirect, wrote },
  );
  const [whole, slabs] = [wholePatch(patchSize), slabsOf(patchSize)];
  const resampled = isResampled(format);
  const crop = { values: images[0].subarray(0, cropVoxels), size: cropSize };
  const [scratch, spare] = [images[1].subarray(0, voxels), images[0].subarray(0, voxels)];
  const spareWire = asWire(wire.image, spare);
  const tools = { kernels, tables, seed };

  /** Makes a channel in its `values`; the answer says where it then lies. */
  const make = (source: Grid<Float32Array>, { lower, mirrored, transforms }: PatchCut, channel: Channel) => {
    const box = resampled ? crop : { values: channel.values, size: patchSize };
    if (isTurned(transforms)) kernels.warpImage(box, source, lower, tables.grid, mirrored, tables.row);
    else kernels.cropImage(box, source, lower, mirrored);
    if (resampled) resampleImage({ values: crop.values, shape: [1, ...cropSize] }, patchSize, channel.values);
    return applyTransforms(transforms, channel, tools);
  };

  /** Puts a slab of a channel into the batch; where its wire type is another one, by way of the batch or of `spareWire`. */
  const put = (values: Float32Array, sample: number, channel: number, slab: Slab, spareWire: WireImage) => {
    const target = output.target(sample, channel, slab, spareWire);
    if (target instanceof Uint16Array) (wire.image === "f16" ? kernels.writeF16 : kernels.writeBf16)(target, values);
    output.put(sample, channel, slab, target instanceof Uint16Array ? target : values);
  };

  const writeMade = (source: Grid<Float32Array>, label: Int16Array, cut: PatchCut, index: number) => {
    const { place, mirrored } = cut;
    const made = make(source, cut, { values: scratch, spare, label, index, size: patchSize, mirrored });
    const spareWire = asWire(wire.image, made.spare);
    for (const slab of slabs) put(valuesOf(made.values, slab), place, index, slab, spareWire);
  };

  /** Makes a channel in the batch's own memory, with scratch to work in. */
  const writeInPlace = (source: Grid<Float32Array>, label: Int16Array, cut: PatchCut, index: number) => {
    const { place, mirrored, transforms } = cut;
    const target = output.target(place, index, whole, spareWire) as Float32Array;
    const isSwapped = endsInSpare(transforms, index);
    const [values, other] = isSwapped ? [scratch, target] : [target, scratch];
    make(source, cut, { values, spare: other, label, index, size: patchSize, mirrored });
    output.put(place, index, whole, target);
  };

  const copies = slabs.map((slab) => ({ slab, box: { values: scratch.subarray(0, slab.voxels), size: slab.size } }));
  const writeCopy = (source: Grid<Float32Array>, { lower: [z, y, x], place, mirrored }: PatchCut, index: number) => {
    for (const { slab, box } of copies) {
      const lower = [z + sourcePlane(slab, mirrored), y, x] as const;
      const target = output.target(place, index, slab, spareWire);
      const isThere = target instanceof Float32Array;
      kernels.cropImage(isThere ? { values: target, size: slab.size } : box, source, lower, mirrored);
      if (isThere) output.put(place, index, slab, target);
      else put(box.values, place, index, slab, spareWire);
    }
  };

  const isInPlace = isDirect && wire.image === "f32" && wire.layout === "channels-first" && needsNoRoom(patchSize);
  return ({ values: volume, shape: [, ...size] }, label, cut) => {
    const isCopy = cut.transforms.length === 0 && !resampled;
    for (let index = 0; index < channels; index++) {
      const source = { values: channels === 1 ? volume : channelOf(volume, index, size), size };
      if (isCopy) writeCopy(source, cut, index);
      else if (isInPlace) writeInPlace(source, label, cut, index);
      else writeMade(source, label, cut, index);
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
