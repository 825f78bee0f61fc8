import { PAPER_DATASETS } from "../../plan/index.js";
import { type PaperScore, PLAIN, paperStrategy, WITHOUT_MIRRORING } from "./paper-score.js";

/** Dice of constant, Efficiency and Performance, then virtual relative runtime of the latter two, all in percent, as printed in Table 1. */
const PRINTED: readonly (readonly [string, number, number, number, number, number])[] = [
  ["MSD Brain", 74.12, 74.29, 74.15, 42, 83],
  ["MSD Heart", 93.29, 93.24, 93.29, 40, 88],
  ["MSD Liver", 78.74, 78.76, 80.6, 51, 85],
  ["MSD Hippocampus", 88.96, 89.12, 89.15, 67, 112],
  ["MSD Prostate", 73.13, 75.26, 76.31, 43, 87],
  ["MSD Lung", 70.0, 72.3, 72.77, 41, 82],
  ["MSD Pancreas", 68.68, 68.6, 68.8, 39, 87],
  ["MSD Hepatic Vessel", 68.61, 68.05, 68.98, 47, 87],
  ["MSD Spleen", 97.02, 95.85, 97.15, 42, 86],
  ["MSD Colon", 48.41, 50.83, 51.02, 38, 87],
  ["BTCV", 83.37, 83.05, 83.81, 41, 88],
  ["KiTS23", 86.02, 87.22, 86.46, 45, 86],
  ["AMOS22", 88.62, 88.1, 88.78, 49, 87],
  ["ToothFairy2", 76.92, 77.15, 77.0, 34, 85],
  ["TotalSegmentatorV2", 87.82, 85.09, 88.15, 33, 108],
];

/** Table 1: 15 data sets, five folds each. Its relative FLOPs are those of `PAPER_DATASETS`. */
export const TABLE_1: readonly PaperScore[] = PRINTED.flatMap(
  ([dataset, constant, efficiency, performance, efficiencyRuntime, performanceRuntime]) => {
    const flops = PAPER_DATASETS.find(({ name }) => name === dataset)?.flopsPercent;
    const score = (method: string, dicePercent: number, runtimePercent: number, flopsPercent: number | undefined) => ({
      table: "Table 1",
      dataset,
      network: PLAIN,
      method,
      strategy: paperStrategy(method),
      mirroring: !WITHOUT_MIRRORING.includes(dataset),
      dicePercent,
      runtimePercent,
      ...(flopsPercent !== undefined && { flopsPercent }),
    });
    return [
      score("constant", constant, 100, 100),
      score("efficiency", efficiency, efficiencyRuntime, flops?.efficiency),
      score("performance", performance, performanceRuntime, flops?.performance),
    ];
  },
);

/** The last lines of Table 1 and section 4.1.1: what the paper says of all 15 data sets together. */
export const TABLE_1_TOGETHER = {
  normalisedPercent: { constant: 100, efficiency: 100.47, performance: 101.26 },
  runtimePercent: { efficiency: 44, performance: 89 },
  flopsPercent: { efficiency: 33, performance: 88 },
  /** Wilcoxon's signed-rank test, two-sided, of Dice relative to constant. */
  wilcoxon: [
    { method: "performance", against: "constant", p: 0.0001 },
    { method: "performance", against: "efficiency", p: 0.0103 },
    { method: "efficiency", against: "constant", p: 0.6788 },
  ],
} as const;
