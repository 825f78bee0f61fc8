import type { Tools } from "./channel.js";

export const LARGEST = 3.4028234663852886e38;

/** Mean, standard deviation (of a sample: n - 1, as torch's), smallest and largest of at least one value. */
export interface Statistics {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

export function statisticsOf(values: Float32Array, { kernels, tables }: Tools): Statistics {
  kernels.moments(tables.moments, values);
  const [sum, squares, least, most] = tables.moments as unknown as readonly [number, number, number, number];
  const count = values.length;
  const variance = Math.max(0, squares - (sum * sum) / count) / Math.max(1, count - 1);
  return { mean: (values[0] as number) + sum / count, deviation: Math.sqrt(variance), least, most };
}
