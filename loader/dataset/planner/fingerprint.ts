import type { Zyx } from "../../../plan/zyx.js";
import { cropToNonzero } from "../preprocess/crop-to-nonzero.js";
import { type IntensityProperties, range } from "../preprocess/normalize.js";
import type { SourceCase } from "../raw/read-raw-case.js";
import { percentile } from "./percentile.js";

/** Values that stand for one case's foreground in a channel, at most. */
const MOST_VALUES = 10000;

/** The foreground of one channel of one case. */
export interface CaseIntensities {
  /** Ascending: every value, or `MOST_VALUES` of them at even steps of rank. */
  readonly sorted: Float32Array;
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** What planning takes from one case; axes as in the file. */
export interface CaseFingerprint {
  readonly shapeAfterCrop: Zyx;
  readonly spacingMm: Zyx;
  /** Voxels after the crop / voxels before. */
  readonly relativeSizeAfterCropping: number;
  /** One a channel; undefined where the case has no foreground. */
  readonly intensities: readonly (CaseIntensities | undefined)[];
}

/** nnU-Net's dataset_fingerprint.json, in its names. */
export interface DatasetFingerprint {
  readonly spacings: readonly Zyx[];
  readonly shapes_after_crop: readonly Zyx[];
  readonly foreground_intensity_properties_per_channel: Readonly<Record<string, IntensityProperties>>;
  readonly median_relative_size_after_cropping: number;
}

/** Crops and measures one case. Undefined when every voxel is zero. */
export function fingerprintCase(source: SourceCase): CaseFingerprint | undefined {
  const cropped = cropToNonzero(source);
  if (cropped === undefined) return undefined;
  return {
    shapeAfterCrop: cropped.shape,
    spacingMm: source.spacingMm,
    relativeSizeAfterCropping: cropped.label.length / source.label.length,
    intensities: cropped.channels.map((values) => measureForeground(values, cropped.label)),
  };
}

function measureForeground(values: Float32Array, label: Int16Array): CaseIntensities | undefined {
  const sorted = values.filter((_, i) => (label[i] as number) > 0).sort();
  if (sorted.length === 0) return undefined;
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) * (value - mean);
  const [min, max] = range(sorted);
  const kept = Math.min(sorted.length, MOST_VALUES);
  const thinned = Float32Array.from(
    { length: kept },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / kept)] as number,
  );
  return { sorted: thinned, mean, variance: squares / sorted.length, min, max };
}

/**
 * The data set's fingerprint. Where nnU-Net draws equally many foreground values of every case (fingerprint_extractor.py,
 * with replacement, seed 1234), the cases' own distributions are pooled here, each weighing the same: what its draws
 * estimate, without drawing. Undefined when no case has foreground.
 */
export function fingerprintDataset(cases: readonly CaseFingerprint[]): DatasetFingerprint | undefined {
  const channels = (cases[0] as CaseFingerprint).intensities.length;
  const properties: Record<string, IntensityProperties> = {};
  for (let channel = 0; channel < channels; channel++) {
    const measured = cases.map((one) => one.intensities[channel]).filter((one) => one !== undefined);
    if (measured.length === 0) return undefined;
    properties[channel] = pool(measured);
  }
  return {
    spacings: cases.map((one) => one.spacingMm),
    shapes_after_crop: cases.map((one) => one.shapeAfterCrop),
    foreground_intensity_properties_per_channel: properties,
    median_relative_size_after_cropping: percentile(
      cases.map((one) => one.relativeSizeAfterCropping),
      50,
    ),
  };
}

function pool(cases: readonly CaseIntensities[]): IntensityProperties {
  const average = (value: (one: CaseIntensities) => number) =>
    cases.reduce((sum, one) => sum + value(one), 0) / cases.length;
  const mean = average((one) => one.mean);
  const values = cases.map((one) => one.sorted);
  return {
    mean,
    median: pooledQuantile(values, 0.5),
    std: Math.sqrt(average((one) => one.variance + (one.mean - mean) * (one.mean - mean))),
    min: Math.min(...cases.map((one) => one.min)),
    max: Math.max(...cases.map((one) => one.max)),
    percentile_99_5: pooledQuantile(values, 0.995),
    percentile_00_5: pooledQuantile(values, 0.005),
  };
}

/** The smallest float32 at or below which lies the share `q` of all values, every list (ascending) weighing the same. */
function pooledQuantile(lists: readonly Float32Array[], q: number): number {
  let low = RANK_OF_MINUS_INFINITY;
  let high = RANK_OF_INFINITY;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const value = floatOfRank(middle);
    const share = lists.reduce((sum, list) => sum + countUpTo(list, value) / list.length, 0) / lists.length;
    if (share >= q) high = middle;
    else low = middle + 1;
  }
  return floatOfRank(low);
}

/** Ranks of the two infinities among all float32 bit patterns in ascending order of value. */
const RANK_OF_MINUS_INFINITY = 0x007fffff;
const RANK_OF_INFINITY = 0xff800000;

/** The float32 of a rank between the two. */
function floatOfRank(rank: number): number {
  const bits = rank < 2 ** 31 ? ~rank : rank - 2 ** 31;
  return new Float32Array(Int32Array.of(bits).buffer)[0] as number;
}

/** How many entries of `ascending` are at most `value`. */
function countUpTo(ascending: Float32Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
