import type { Tools } from "./channel.js";

export const LARGEST = 3.4028234663852886e38;

/** Mean and standard deviation (of a sample: n - 1, as torch's) of at least one value. */
export interface MeanAndDeviation {
  readonly mean: number;
  readonly deviation: number;
}

/** The same, and the smallest and largest value. */
export interface Statistics extends MeanAndDeviation {
  readonly least: number;
  readonly most: number;
}

export function statisticsOf(values: Float32Array, { kernels, tables }: Tools): Statistics {
  kernels.moments(tables.moments, values);
  const { mean, deviation } = meanAndDeviation(tables.moments, values);
  return { mean, deviation, least: tables.moments[2] as number, most: tables.moments[3] as number };
}

/** From the sums of value - first value and of its square, which `moments` begins with. */
export function meanAndDeviation(moments: Float64Array, values: Float32Array): MeanAndDeviation {
  const [sum, squares] = [moments[0] as number, moments[1] as number];
  const count = values.length;
  const variance = Math.max(0, squares - (sum * sum) / count) / Math.max(1, count - 1);
  return { mean: (values[0] as number) + sum / count, deviation: Math.sqrt(variance) };
}
