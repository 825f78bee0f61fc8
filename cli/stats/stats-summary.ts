import { batchStatistics, percentile } from "../../loader/index.js";
import type { Zyx } from "../../plan/index.js";
import type { CountedRun } from "./count-batches.js";

/** Mean and percentiles 5 and 95 over the batches of one stage. */
export interface Spread {
  readonly mean: number;
  readonly p5: number;
  readonly p95: number;
}

/** What the batches of one stage show the network; shares of 1. */
export interface StageStatistics {
  readonly stage: number;
  readonly patchSize: Zyx;
  readonly batchSize: number;
  /** Batches that were counted. */
  readonly counted: number;
  readonly foregroundShare: Spread;
  readonly classesSeen: Spread;
  readonly patchSizeRatio: number;
}

/** A row for each stage that has a counted batch, in the order of the stages. */
export function summarize({ spec: { stages, plan }, batches }: CountedRun): StageStatistics[] {
  return stages.flatMap(({ patchSize, batchSize }, stage) => {
    const statistics = batches
      .filter((batch) => batch.stage === stage)
      .map((batch) => batchStatistics(batch, plan.patchSize));
    const [first] = statistics;
    if (first === undefined) return [];
    return {
      stage,
      patchSize,
      batchSize,
      counted: statistics.length,
      foregroundShare: spread(statistics.map(({ foregroundShare }) => foregroundShare)),
      classesSeen: spread(statistics.map(({ classesSeen }) => classesSeen)),
      patchSizeRatio: first.patchSizeRatio,
    };
  });
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, p5: percentile(values, 5), p95: percentile(values, 95) };
}
