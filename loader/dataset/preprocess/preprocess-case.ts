import { roundHalfToEven } from "../../../plan/round-half-to-even.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { SourceCase } from "../raw/read-raw-case.js";
import { type Channels, permute, transpose, type Volume } from "../volume.js";
import { cropToNonzero } from "./crop-to-nonzero.js";
import { foregroundLocations } from "./foreground-locations.js";
import { type Normalization, normalize } from "./normalize.js";
import { type Regridding, resampleImage, resampleLabels } from "./resample.js";

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

/**
 * Transpose, crop to nonzero, normalise, resample: nnU-Net's order (default_preprocessor.py, run_case_npy). The channels of
 * `source` may be overwritten. Undefined when every voxel is zero or nothing is left of an axis. `checkShape` is told the image's
 * shape before memory is taken for it, and may throw: a file with a wrong spacing may promise more than any machine has.
 */
export function preprocessImage(
  source: Channels & Pick<SourceCase, "spacingMm">,
  settings: Pick<PreprocessSettings, "transpose" | "spacingMm" | "normalizations">,
  checkShape: (shape: PreprocessedImage["shape"]) => void = () => undefined,
): PreprocessedImage | undefined {
  const cropped = cropToNonzero(transposeAll(source, settings.transpose));
  if (cropped === undefined) return undefined;
  const spacingMm = permute(source.spacingMm, settings.transpose);
  const newShape = resampledShape(cropped.shape, spacingMm, settings.spacingMm);
  if (newShape.some((size) => size === 0)) return undefined;
  const grid: Regridding = { newShape, spacingMm, newSpacingMm: settings.spacingMm };
  checkShape([cropped.channels.length, ...newShape]);
  const voxels = newShape[0] * newShape[1] * newShape[2];
  const image = new Float32Array(cropped.channels.length * voxels);
  for (const [channel, values] of cropped.channels.entries()) {
    normalize(values, cropped.label, settings.normalizations[channel] as Normalization);
    image.set(resampleImage({ shape: cropped.shape, values }, grid).values, channel * voxels);
  }
  return {
    shape: [cropped.channels.length, ...newShape],
    image,
    croppedLabel: { shape: cropped.shape, values: cropped.label },
    grid,
    cropStart: cropped.start,
    cropEnd: cropped.end,
  };
}

/** `preprocessImage`, then its label resampled and foreground locations. Undefined as there. */
export function preprocessCase(source: SourceCase, settings: PreprocessSettings): PreprocessedCase | undefined {
  const { classes, classValues } = settings;
  const made = preprocessImage(source, settings);
  if (made === undefined) return undefined;
  const { croppedLabel, grid, ...image } = made;
  const label = resampleLabels(croppedLabel, grid);
  return {
    ...image,
    label: label.values,
    locations: foregroundLocations(label, classes, (of) => classValues?.[classes.indexOf(of)] ?? [of]),
  };
}

/** Size after resampling (nnU-Net, compute_new_shape): old spacing / new spacing x size, halves to even. */
export function resampledShape(shape: Zyx, spacingMm: Zyx, newSpacingMm: Zyx): Zyx {
  const size = (axis: 0 | 1 | 2) => roundHalfToEven((spacingMm[axis] / newSpacingMm[axis]) * shape[axis]);
  return [size(0), size(1), size(2)];
}

function transposeAll({ shape, channels, label }: Channels, order: Zyx): Channels {
  return {
    shape: permute(shape, order),
    channels: channels.map((values) => transpose({ shape, values }, order).values),
    label: transpose({ shape, values: label }, order).values,
  };
}
