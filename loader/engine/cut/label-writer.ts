import { batchTensors } from "../../../plan/batch/tensors.js";
import type { LabelType } from "../../../plan/run-spec/resolved-spec.js";
import { voxelCount } from "../../../plan/zyx.js";
import type { Grid, StoredLabel } from "../../kernels/kernels.js";
import { isResampled, type Scratch } from "../memory/scratch.js";
import { downsampleLabel, type LabelValues, nearestVoxels } from "./downsample-label.js";
import type { BatchPlace, PatchCut, PatchFormat, Workplace } from "./patch.js";
import { resampleLabel } from "./resample.js";
import { slabsOf, sourcePlane, valuesOf, wholePatch } from "./slabs.js";
import type { ChannelVolume } from "./source.js";
import { tensorOutput } from "./tensor-output.js";
import { isTurned } from "./transforms/spatial.js";

/**
 * Writes the label of a patch, and those of deep supervision. Where a transform of the image needs it, returns the label as it
 * was before -1 became 0.
 */
export function labelWriter(
  format: PatchFormat,
  { buffer, offset, samples, channels, wrote }: BatchPlace,
  workplace: Workplace,
  { labels, tables }: Scratch,
): (label: ChannelVolume<StoredLabel>, cut: PatchCut) => Int16Array {
  const { wire, deepLabels, cropSize, patchSize } = format;
  const { kernels } = workplace;
  const [, ...places] = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  const [cropVoxels, voxels] = [voxelCount(cropSize), voxelCount(patchSize)];
  const isDirect = buffer === workplace.buffer;
  const [full, ...deeper] = places.map((place, index) => {
    const labelVoxels = voxelCount(place.shape.slice(1) as [number, number, number]);
    const values = wireLabel(wire.label, buffer, offset + place.offset, samples * labelVoxels);
    const shape = { channels: 1, voxels: labelVoxels, isChannelsLast: false };
    return tensorOutput(values, place, shape, { tensor: 1 + index, isDirect, wrote });
  }) as [Output, ...Output[]];
  const nearest = deepLabels.map((size) => nearestVoxels(patchSize, size));
  const resampled = isResampled(format);
  const crop = { values: labels[0].subarray(0, cropVoxels), size: cropSize };
  const [values, spare] = (resampled ? [labels[1], labels[0]] : labels).map((label) => label.subarray(0, voxels)) as [
    Int16Array,
    Int16Array,
  ];
  const slabs = slabsOf(patchSize).map((slab) => {
    return { slab, copy: { values: values.subarray(0, slab.voxels), size: slab.size } };
  });
  const whole = wholePatch(patchSize);
  const spareWire = wireLabel(wire.label, spare.buffer, spare.byteOffset, voxels);

  /** Makes the label in scratch: as i16, of the size that is cut, then of the patch's. */
  const make = (source: Grid<StoredLabel>, { lower, transforms, mirrored }: PatchCut) => {
    if (isTurned(transforms)) kernels.warpLabel(crop, source, lower, tables.grid, mirrored);
    else kernels.cropLabel(crop, source, lower, mirrored);
    if (resampled) resampleLabel({ values: crop.values, shape: [1, ...cropSize] }, patchSize, values);
  };

  const write = (target: LabelValues, made: Int16Array) => {
    if (target instanceof Uint8Array) kernels.writeLabelU8(target, made);
    else kernels.writeLabelI16(target, made);
  };

  const writeCopy = (
    target: LabelValues,
    { values: stored, size }: Grid<StoredLabel>,
    { lower: [z, y, x], mirrored }: PatchCut,
    { slab, copy }: (typeof slabs)[number],
  ) => {
    const lower = [z + sourcePlane(slab, mirrored), y, x] as const;
    if (target instanceof Uint8Array && stored instanceof Uint8Array) {
      kernels.cropLabelU8({ values: target, size: slab.size }, { values: stored, size }, lower, mirrored);
      return;
    }
    kernels.cropLabel(copy, { values: stored, size }, lower, mirrored);
    write(target, copy.values);
  };

  const writeFull = (source: Grid<StoredLabel>, cut: PatchCut) => {
    const { place, mirrored, transforms } = cut;
    const isMade = resampled || transforms.some(({ kind }) => kind === "mask");
    if (!isMade && isTurned(transforms) && wire.label === "u8" && source.values instanceof Uint8Array) {
      const target = full.target(place, 0, whole, spareWire);
      kernels.warpLabel({ values: target, size: patchSize }, source, cut.lower, tables.grid, mirrored);
      full.put(place, 0, whole, target);
      return;
    }
    const isCopy = !isMade && !isTurned(transforms);
    if (!isCopy) make(source, cut);
    for (const piece of slabs) {
      const target = full.target(place, 0, piece.slab, spareWire);
      if (isCopy) writeCopy(target, source, cut, piece);
      else write(target, valuesOf(values, piece.slab));
      full.put(place, 0, piece.slab, target);
    }
  };

  return ({ values: volume, shape: [, ...size] }, cut) => {
    writeFull({ values: volume, size }, cut);
    const { place } = cut;
    for (const [level, output] of deeper.entries()) {
      const written = { values: full.values.subarray(place * voxels, (place + 1) * voxels), size: patchSize };
      downsampleLabel(written, nearest[level] as (typeof nearest)[number], output.values, place);
      const count = voxelCount(deepLabels[level] as (typeof deepLabels)[number]);
      output.wrote(place * count, count);
    }
    return values;
  };
}

type Output = ReturnType<typeof tensorOutput<LabelValues>>;

function wireLabel(type: LabelType, buffer: ArrayBufferLike, offset: number, count: number): LabelValues {
  return type === "u8" ? new Uint8Array(buffer, offset, count) : new Int16Array(buffer, offset, count);
}
