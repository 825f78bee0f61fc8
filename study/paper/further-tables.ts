import { type PaperScore, PLAIN, paperStrategy, WITHOUT_MIRRORING } from "./paper-score.js";

/** The fields of a score that are not what its table says of every other. */
function plainScore(table: string, dataset: string, method: string, dicePercent: number): PaperScore {
  const mirroring = !WITHOUT_MIRRORING.includes(dataset);
  return { table, dataset, network: PLAIN, method, strategy: paperStrategy(method), mirroring, dicePercent };
}

/** Table 2: Progressive Resolution. */
export const TABLE_2: readonly PaperScore[] = (
  [
    ["MSD Lung", 69.42],
    ["KiTS23", 84.63],
    ["BTCV", 82.93],
    ["AMOS22", 87.98],
  ] as const
).map(([dataset, dice]) => plainScore("Table 2", dataset, "progressive-resolution", dice));

/** Table 3: BTCV by constant, Efficiency and Performance. UNETR with Efficiency diverged in all runs and counts as 0. */
export const TABLE_3: readonly PaperScore[] = (
  [
    [PLAIN, 83.37, 83.05, 83.81],
    ["unetr", 71.2, 0, 72.76],
    ["swin-unetr", 71.62, 71.98, 75.39],
  ] as const
).flatMap(([network, ...dice]) =>
  ["constant", "efficiency", "performance"].map((method, i) => ({
    ...plainScore("Table 3", "BTCV", method, dice[i] ?? 0),
    network,
  })),
);

/** Table A.4: batch strategies of Performance beside constant. Dice, relative FLOPs, relative runtime; Appendix A. */
export const TABLE_A4: readonly PaperScore[] = (
  [
    ["MSD Lung", "split-crop", 72.77, 89, 82],
    ["MSD Lung", "single-crop", 72.45, 89, 87],
    ["KiTS23", "split-crop", 86.46, 84, 86],
    ["KiTS23", "single-crop", 87.18, 84, 205],
    ["AMOS22", "split-crop", 88.78, 89, 87],
    ["AMOS22", "single-crop", 88.77, 89, 198],
  ] as const
).map(([dataset, strategy, dice, flopsPercent, runtimePercent]) => ({
  ...plainScore("Table A.4", dataset, "performance", dice),
  strategy,
  flopsPercent,
  runtimePercent,
}));

/** Table B.5: constant and Performance with mirroring, then without. */
export const TABLE_B5: readonly PaperScore[] = (
  [
    ["BTCV", true, 83.37, 83.81],
    ["BTCV", false, 82.93, 83.09],
    ["AMOS22", true, 88.62, 88.78],
    ["AMOS22", false, 88.56, 88.63],
    ["TotalSegmentatorV2", true, 84.56, 84.64],
    ["TotalSegmentatorV2", false, 87.82, 88.15],
    ["ToothFairy2", true, 63.23, 47.08],
    ["ToothFairy2", false, 76.92, 77.0],
  ] as const
).flatMap(([dataset, mirroring, constant, performance]) => [
  { ...plainScore("Table B.5", dataset, "constant", constant), mirroring },
  { ...plainScore("Table B.5", dataset, "performance", performance), mirroring },
]);

/** Table C.6, of which only the two published figures are at hand that Performance does not surpass: constant patches elsewhere. */
export const TABLE_C6: readonly { readonly dataset: string; readonly source: string; readonly dicePercent: number }[] =
  [
    { dataset: "MSD Heart", source: "Auto-nnU-Net", dicePercent: 93.39 },
    { dataset: "MSD Heart", source: "nnU-Net's repository", dicePercent: 93.34 },
  ];

/** Table D.7: nnU-Net's plain U-Net and its three residual presets, by constant and Performance. */
export const TABLE_D7: readonly PaperScore[] = (
  [
    ["BTCV", PLAIN, 83.37, 83.81],
    ["BTCV", "resenc-m", 83.48, 83.97],
    ["BTCV", "resenc-l", 83.3, 84.18],
    ["BTCV", "resenc-xl", 83.3, 84.03],
    ["KiTS23", PLAIN, 86.02, 86.46],
    ["KiTS23", "resenc-m", 87.05, 88.0],
    ["KiTS23", "resenc-l", 88.24, 88.64],
    ["KiTS23", "resenc-xl", 88.68, 88.93],
  ] as const
).flatMap(([dataset, network, constant, performance]) => [
  { ...plainScore("Table D.7", dataset, "constant", constant), network },
  { ...plainScore("Table D.7", dataset, "performance", performance), network },
]);

/**
 * Table D.8, in Dice points and percent: mean deviation over folds (intra), deviation of the four networks' means (inter), and inter in percent of
 * intra. What it prints as BTCV's inter and ratio is ten times what its Table D.7 gives.
 */
export const TABLE_D8: readonly {
  readonly dataset: string;
  readonly method: string;
  readonly intra: number;
  readonly inter: number;
  readonly ratioPercent: number;
}[] = [
  { dataset: "BTCV", method: "constant", intra: 2.2625, inter: 0.74, ratioPercent: 32.6 },
  { dataset: "BTCV", method: "performance", intra: 2.385, inter: 1.33, ratioPercent: 55.6 },
  { dataset: "KiTS23", method: "constant", intra: 1.3575, inter: 1.037, ratioPercent: 76.4 },
  { dataset: "KiTS23", method: "performance", intra: 1.245, inter: 0.955, ratioPercent: 76.7 },
];

/** Table D.9: the two curricula of MICCAI 2024 on the ten MSD tasks. Efficiency and Performance stand in Table 1. */
export const TABLE_D9: readonly PaperScore[] = (
  [
    ["MSD Brain", 74.12, 74.21],
    ["MSD Heart", 93.21, 93.28],
    ["MSD Liver", 78.91, 79.38],
    ["MSD Hippocampus", 89.11, 89.07],
    ["MSD Prostate", 75.66, 75.31],
    ["MSD Lung", 72.63, 73.33],
    ["MSD Pancreas", 68.24, 68.22],
    ["MSD Hepatic Vessel", 67.82, 68.71],
    ["MSD Spleen", 96.21, 96.54],
    ["MSD Colon", 49.25, 49.67],
  ] as const
).flatMap(([dataset, pgps, pgpsPlus]) => [
  plainScore("Table D.9", dataset, "pgps", pgps),
  plainScore("Table D.9", dataset, "pgps-plus", pgpsPlus),
]);

/** The averages of Table D.9: Dice in percent of constant's, and relative FLOPs in percent. */
export const TABLE_D9_TOGETHER = {
  normalisedPercent: { efficiency: 100.94, performance: 101.72, pgps: 100.66, "pgps-plus": 101.04 },
  flopsPercent: { efficiency: 32, performance: 88, pgps: 35, "pgps-plus": 41 },
} as const;

/** Figure 3: on how many of the 15 data sets Performance is best, by training length in percent. */
export const FIGURE_3_BEST: ReadonlyMap<number, number> = new Map([
  [1, 13],
  [10, 15],
  [25, 15],
  [50, 14],
]);

/** Figure 5: Dice in percent, mean and deviation over five repeats of one fold at full length; `best`: share of the 125 triples it wins, in percent. */
export const FIGURE_5: readonly {
  readonly dataset: string;
  readonly method: string;
  readonly mean: number;
  readonly deviation: number;
  readonly best?: number;
}[] = [
  { dataset: "BTCV", method: "constant", mean: 79.16, deviation: 0.47 },
  { dataset: "BTCV", method: "efficiency", mean: 78.85, deviation: 0.41 },
  { dataset: "BTCV", method: "performance", mean: 79.57, deviation: 0.37, best: 58.4 },
  { dataset: "MSD Lung", method: "constant", mean: 74.11, deviation: 1.23 },
  { dataset: "MSD Lung", method: "efficiency", mean: 73.34, deviation: 2.86 },
  { dataset: "MSD Lung", method: "performance", mean: 78.98, deviation: 1.1, best: 100 },
];
