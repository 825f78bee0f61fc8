import type { HardCounts } from "./engine.js";

/** Voxels (B,K) that were predicted, that the label has, and both, of each sample and class. */
export interface SampleVoxels {
  readonly predicted: Float32Array;
  readonly wanted: Float32Array;
  readonly both: Float32Array;
}

/** The counts of each class over a batch of `batchSize`. */
export function hardCountsOf(batchSize: number, { predicted, wanted, both }: SampleVoxels): HardCounts[] {
  const classes = both.length / batchSize;
  return Array.from({ length: classes }, (_, index) => {
    const total = (voxels: Float32Array): number => {
      let sum = 0;
      for (let at = index; at < voxels.length; at += classes) sum += voxels[at] as number;
      return sum;
    };
    const truePositive = total(both);
    return {
      truePositive,
      falsePositive: total(predicted) - truePositive,
      falseNegative: total(wanted) - truePositive,
    };
  });
}
