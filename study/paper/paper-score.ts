/** A cell of the paper's tables, by what a study calls the same (Fischer et al., "Progressive Growing of Patch Size"). */
export interface PaperScore {
  /** Where it is printed: "Table 1". */
  readonly table: string;
  /** One of the 15 names of `PAPER_DATASETS`. */
  readonly dataset: string;
  readonly network: string;
  readonly method: string;
  readonly strategy: string;
  readonly mirroring: boolean;
  /** Mean over foreground classes and five folds, in percent. */
  readonly dicePercent: number;
  /** Virtual relative runtime in percent of constant patches. */
  readonly runtimePercent?: number;
  /** Voxels iterated over, in percent of constant patches. */
  readonly flopsPercent?: number;
}

/** nnU-Net's plain U-Net, which all tables but 3 and D.7 train. */
export const PLAIN = "plain-unet";

/** How a method builds a batch where the paper does not say otherwise (2.3, 2.4.2, Appendix E). */
export function paperStrategy(method: string): string {
  if (method === "performance") return "split-crop";
  return method === "pgps-plus" ? "single-crop" : "nnunet";
}

/** Trained without mirroring, since many of their classes are a left and a right one (Appendix B). */
export const WITHOUT_MIRRORING: readonly string[] = ["ToothFairy2", "TotalSegmentatorV2"];
