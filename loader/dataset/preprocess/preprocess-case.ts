import type { Zyx } from "../../../plan/zyx.js";
import { voxelCount } from "../../../plan/zyx.js";
import type { SourceCase } from "../raw/read-raw-case.js";
import { type Channels, permute, transpose, type Volume } from "../volume.js";
import { cropToNonzero, everyVoxelZero } from "./crop-to-nonzero.js";
import { foregroundLocations } from "./foreground-locations.js";
import { type Normalization, normalize } from "./normalize.js";
import { type Regridding, resampleImage, resampleLabels } from "./resample.js";
import { targetGrid } from "./target-grid.js";

/** All that decides a stored case besides its files. */
export interface PreprocessSettings {
  /** nnU-Net's transpose_forward. */
  readonly transpose: Zyx;
  /** Target spacing in mm, axes after transposition. */
  readonly spacingMm: Zyx;
  /** One a channel. */
  readonly normalizations: readonly Normalization[];
  /** Classes that have lists of locations, see `locationClasses`. */
  readonly classes: readonly number[];
  /** The label values of each class; absent where each is its own. */
  readonly classValues?: readonly (readonly number[])[];
}

/** A case as the store keeps it. */
export interface PreprocessedCase {
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly image: Float32Array;
  readonly label: Int16Array;
  /** (n,3) of each class, in the order of `PreprocessSettings.classes`. */
  readonly locations: readonly Uint32Array[];
  /** The box kept by the crop, in transposed source voxels. */
  readonly cropStart: Zyx;
  readonly cropEnd: Zyx;
}

/** An image on the target grid, and what its label is cropped to. */
export interface PreprocessedImage extends Omit<PreprocessedCase, "label" | "locations"> {
  /** The source's label in the kept box, -1 outside of the mask, not resampled. */
  readonly croppedLabel: Volume<Int16Array>;
  readonly grid: Regridding;
}

/** An image before it is resampled: its size at the target spacing is known, and no memory is taken for it yet. */
export interface CroppedImage extends Pick<PreprocessedImage, "shape" | "cropStart" | "cropEnd"> {
  /** Bytes that `resample` takes beside the cropped image. */
  readonly resamplingBytes: number;
  /** May be called once: normalises the channels in place. */
  resample(): PreprocessedImage;
}

/** What an image is preprocessed from. `file` is what an error calls it. */
export interface ImageSource extends Channels, Pick<SourceCase, "spacingMm"> {
  readonly file: string;
}

/**
 * Transpose, crop to nonzero, normalise, resample: nnU-Net's order (default_preprocessor.py, run_case_npy), the last two when `resample`
 * is called. The channels of `source` may be overwritten. Throws INPUT_DAMAGED where every voxel is zero, and what `targetGrid` throws.
 */
export function cropImage(
  { file, ...source }: ImageSource,
  settings: Pick<PreprocessSettings, "transpose" | "spacingMm" | "normalizations">,
): CroppedImage {
  const cropped = cropToNonzero(transposeAll(source, settings.transpose));
  if (cropped === undefined) throw everyVoxelZero(file);
  const { channels, label, start, end } = cropped;
  const spacingMm = permute(source.spacingMm, settings.transpose);
  const size = { channels: channels.length, shape: cropped.shape, spacingMm };
  const { resamplingBytes, ...grid } = targetGrid(file, size, settings.spacingMm);
  const known = { shape: [channels.length, ...grid.newShape] as const, cropStart: start, cropEnd: end };
  return {
    ...known,
    resamplingBytes,
    resample() {
      const voxels = voxelCount(grid.newShape);
      const image = new Float32Array(channels.length * voxels);
      for (const [channel, values] of channels.entries()) {
        normalize(values, label, settings.normalizations[channel] as Normalization);
        image.set(resampleImage({ shape: cropped.shape, values }, grid).values, channel * voxels);
      }
      return { ...known, image, croppedLabel: { shape: cropped.shape, values: label }, grid };
    },
  };
}

/** The cropped image resampled, then its label, and foreground locations. */
export function resampleCase(
  cropped: CroppedImage,
  { classes, classValues }: Pick<PreprocessSettings, "classes" | "classValues">,
): PreprocessedCase {
  const { croppedLabel, grid, ...image } = cropped.resample();
  const label = resampleLabels(croppedLabel, grid);
  return {
    ...image,
    label: label.values,
    locations: foregroundLocations(label, classes, (of) => classValues?.[classes.indexOf(of)] ?? [of]),
  };
}

function transposeAll({ shape, channels, label }: Channels, order: Zyx): Channels {
  return {
    shape: permute(shape, order),
    channels: channels.map((values) => transpose({ shape, values }, order).values),
    label: transpose({ shape, values: label }, order).values,
  };
}
