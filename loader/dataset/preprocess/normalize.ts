/** nnU-Net's class names, as they stand in plans.json under `normalization_schemes`. */
export const NORMALIZATION_SCHEMES = [
  "CTNormalization",
  "NoNormalization",
  "ZScoreNormalization",
  "RescaleTo01Normalization",
  "RGBTo01Normalization",
] as const;

export type NormalizationScheme = (typeof NORMALIZATION_SCHEMES)[number];

export const INTENSITY_NAMES = ["mean", "median", "std", "min", "max", "percentile_00_5", "percentile_99_5"] as const;

/** Intensities of a channel's foreground voxels over the data set, in nnU-Net's names. */
export type IntensityProperties = Readonly<Record<(typeof INTENSITY_NAMES)[number], number>>;

export interface Normalization {
  readonly scheme: NormalizationScheme;
  /** z-score only: statistics and result over voxels with label >= 0; the others keep their value. */
  readonly useMask: boolean;
  readonly intensities: IntensityProperties;
}

/** What of a normalisation its result depends on: the intensities of the whole data set only for CT. */
export function whatDecides({ scheme, useMask, intensities }: Normalization): Partial<Normalization> {
  return { scheme, useMask, ...(scheme === "CTNormalization" && { intensities }) };
}

const SMALLEST_DIVISOR = 1e-8;

/** The scheme a channel's name selects (nnU-Net, map_channel_name_to_normalization.py); any other name means z-score. */
export function schemeOfChannel(channelName: string): NormalizationScheme {
  switch (channelName.toLowerCase()) {
    case "ct":
      return "CTNormalization";
    case "nonorm":
      return "NoNormalization";
    case "rescale_to_0_1":
      return "RescaleTo01Normalization";
    case "rgb_to_0_1":
      return "RGBTo01Normalization";
    default:
      return "ZScoreNormalization";
  }
}

/**
 * Normalises one channel in place (nnU-Net, default_normalization_schemes.py). Statistics are summed in double, one after the
 * other, where nnU-Net sums float32 in pairs: the results differ in the last bits.
 */
export function normalize(
  values: Float32Array,
  label: Int16Array,
  { scheme, useMask, intensities }: Normalization,
): void {
  switch (scheme) {
    case "NoNormalization":
      return;
    case "CTNormalization": {
      const { percentile_00_5: low, percentile_99_5: high, mean, std } = intensities;
      const divisor = Math.max(std, SMALLEST_DIVISOR);
      for (let i = 0; i < values.length; i++) {
        values[i] = (Math.min(Math.max(values[i] as number, low), high) - mean) / divisor;
      }
      return;
    }
    case "RescaleTo01Normalization": {
      const [low, high] = range(values);
      const divisor = Math.max(high - low, SMALLEST_DIVISOR);
      for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - low) / divisor;
      return;
    }
    case "RGBTo01Normalization":
      for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / 255;
      return;
    case "ZScoreNormalization": {
      const counts = (i: number) => !useMask || (label[i] as number) >= 0;
      const { mean, std } = statistics(values, counts);
      const divisor = Math.max(std, SMALLEST_DIVISOR);
      for (let i = 0; i < values.length; i++) if (counts(i)) values[i] = ((values[i] as number) - mean) / divisor;
    }
  }
}

/** Smallest and largest value. */
export function range(values: ArrayLike<number>): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function statistics(values: Float32Array, counts: (i: number) => boolean): { mean: number; std: number } {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (!counts(i)) continue;
    count++;
    sum += values[i] as number;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const off = (values[i] as number) - mean;
    if (counts(i)) squares += off * off;
  }
  return { mean, std: Math.sqrt(squares / count) };
}
