import { quantile } from "simple-statistics";

/** What a report says of repeated measurements. */
export interface Figures {
  readonly n: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
}

export function figures(values: readonly number[]): Figures {
  const sorted = [...values];
  return { n: values.length, median: quantile(sorted, 0.5), p5: quantile(sorted, 0.05), p95: quantile(sorted, 0.95) };
}

/** Pair by pair, since the machine's speed drifts. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Figures {
  return figures(ours.map((value, index) => value / (theirs[index] as number)));
}
