import { type ClassScore, numpyNanMean, type ScoredCase, type ScoredClass } from "../trainer/index.js";

/** Means of one class over its cases, those left out where neither label has it; NaN where none is left. */
export interface MeanScores extends ScoredClass {
  /** Cases in which one of the labels has the class. */
  readonly cases: number;
  readonly dice: number;
  readonly iou: number;
  /** Over the cases in which both have it. */
  readonly hausdorff95Mm?: number;
  readonly surfaceDice?: number;
}

/** Means of each class, in their order. */
export function meanScores(classes: readonly ScoredClass[], cases: readonly ScoredCase[]): MeanScores[] {
  return classes.map((one, i) => {
    const scores = cases.map((each) => each.scores[i] as ClassScore);
    const mean = (of: (score: ClassScore) => number | undefined) =>
      numpyNanMean(scores.map(of).filter((value) => value !== undefined));
    const areCompared = scores.some(({ surfaceDice }) => surfaceDice !== undefined);
    const finite = ({ hausdorff95Mm }: ClassScore) =>
      hausdorff95Mm === Number.POSITIVE_INFINITY ? undefined : hausdorff95Mm;
    return {
      ...one,
      cases: scores.filter(({ dice }) => !Number.isNaN(dice)).length,
      dice: mean(({ dice }) => dice),
      iou: mean(({ iou }) => iou),
      ...(areCompared && { hausdorff95Mm: mean(finite), surfaceDice: mean(({ surfaceDice }) => surfaceDice) }),
    };
  });
}
