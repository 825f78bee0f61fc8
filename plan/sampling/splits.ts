import { shuffledIndices } from "./mersenne-twister.js";

/** Cases that train and cases that are held out, each list sorted. */
export interface Split {
  readonly train: readonly string[];
  readonly val: readonly string[];
}

/** Which part of a K-fold split to hold out; nnU-Net has 5 folds and seed 12345. */
export interface FoldChoice {
  readonly folds: number;
  /** 0 to folds - 1. */
  readonly fold: number;
  /** 0 to 2^32 - 1. */
  readonly seed: number;
}

/**
 * One fold of scikit-learn's `KFold(folds, shuffle=True, random_state=seed)` over `subjects` (lists of cases that stay
 * together, at least as many as folds), ordered by their first case. With one case per subject this is nnU-Net's split.
 */
export function foldSplit(subjects: readonly (readonly string[])[], { folds, fold, seed }: FoldChoice): Split {
  const ordered = subjects
    .map((cases) => cases.toSorted(byCodeUnit))
    .sort((a, b) => byCodeUnit(a[0] ?? "", b[0] ?? ""));
  const count = ordered.length;
  const start = fold * Math.floor(count / folds) + Math.min(fold, count % folds);
  const end = start + Math.floor(count / folds) + (fold < count % folds ? 1 : 0);
  const heldOut = new Set(shuffledIndices(count, seed).slice(start, end));
  const casesWhere = (held: boolean) =>
    ordered
      .filter((_, index) => heldOut.has(index) === held)
      .flat()
      .sort(byCodeUnit);
  return { train: casesWhere(false), val: casesWhere(true) };
}

/** Order of names: by UTF-16 code unit, which for names without emoji is Python's too. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
