import type { Zyx } from "../zyx.js";
import type { NetworkPlan } from "./stage.js";

/** A data set of the paper: its plan, and the cells of Table 1 (relative FLOPs in percent of the constant mode). */
export interface PaperDataset {
  readonly name: string;
  readonly plan: NetworkPlan;
  readonly flopsPercent: { readonly efficiency: number; readonly performance: number };
}

function dataset(
  name: string,
  patchSize: Zyx,
  batchSize: number,
  pooling: Zyx,
  efficiency: number,
  performance: number,
) {
  return { name, plan: { patchSize, batchSize, pooling }, flopsPercent: { efficiency, performance } };
}

/**
 * The 15 data sets of the paper's Table 1 (Fischer et al., "Progressive growing of patch size"), in its order. The paper
 * prints no plans: these are nnU-Net's usual ones, those of AMOS22, ToothFairy2 and TotalSegmentatorV2 inferred.
 */
export const PAPER_DATASETS: readonly PaperDataset[] = [
  dataset("MSD Brain", [128, 128, 128], 2, [5, 5, 5], 34, 84),
  dataset("MSD Heart", [80, 192, 160], 2, [4, 5, 5], 31, 89),
  dataset("MSD Liver", [128, 128, 128], 2, [5, 5, 5], 38, 84),
  dataset("MSD Hippocampus", [40, 56, 40], 9, [3, 3, 3], 33, 92),
  dataset("MSD Prostate", [20, 320, 256], 2, [2, 6, 6], 30, 87),
  dataset("MSD Lung", [80, 192, 160], 2, [4, 5, 5], 31, 89),
  dataset("MSD Pancreas", [40, 224, 224], 2, [3, 5, 5], 31, 88),
  dataset("MSD Hepatic Vessel", [64, 192, 192], 2, [4, 5, 5], 33, 88),
  dataset("MSD Spleen", [64, 192, 160], 2, [4, 5, 5], 33, 89),
  dataset("MSD Colon", [56, 192, 192], 2, [3, 5, 5], 28, 90),
  dataset("BTCV", [48, 192, 192], 2, [3, 5, 5], 29, 89),
  dataset("KiTS23", [128, 128, 128], 2, [5, 5, 5], 27, 84),
  dataset("AMOS22", [64, 160, 192], 2, [4, 5, 5], 33, 89),
  dataset("ToothFairy2", [80, 160, 160], 2, [4, 5, 5], 26, 88),
  dataset("TotalSegmentatorV2", [112, 112, 128], 2, [4, 4, 4], 30, 90),
];
