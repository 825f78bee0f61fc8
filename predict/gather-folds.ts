import { PatchstreamError } from "../plan/index.js";
import { type HeldOutCases, readHeldOut, type ScoredCase, type ScoredClass } from "../trainer/index.js";

/** A cross-validation: the held-out cases of all its folds, each once, sorted by id as nnU-Net sorts files. */
export interface GatheredFolds extends Pick<HeldOutCases, "labelSet"> {
  readonly classes: readonly ScoredClass[];
  readonly cases: readonly ScoredCase[];
}

/**
 * Gathers what the trainings in `folders` left of their held-out cases (nnU-Net, `accumulate_cv_results`). Throws INPUT_DAMAGED for trainings
 * of different data or labels, for a case that two held out or that trained the network that labelled it, and, unless `partial`,
 * for a case that trained and that none held out.
 */
export function gatherFolds(folders: readonly string[], { partial }: { readonly partial: boolean }): GatheredFolds {
  const folds = folders.map(readHeldOut);
  const [first, ...others] = folds as [HeldOutCases, ...HeldOutCases[]];
  for (const other of others) checkSameData(first, other);
  const heldOutBy = new Map<string, HeldOutCases>();
  for (const fold of folds)
    for (const { id } of fold.cases) {
      const before = heldOutBy.get(id);
      if (before !== undefined)
        throw refused(fold.folder, `case ${id} is held out here and in ${before.folder}`, "a fold of its own");
      if (fold.split.train.includes(id))
        throw refused(fold.folder, `case ${id} is held out and trained on`, "a fold of a cross-validation");
      heldOutBy.set(id, fold);
    }
  if (!partial) checkNoneMissing(folds, heldOutBy);
  const cases = folds.flatMap((fold) => fold.cases).sort((a, b) => (fileOf(a) < fileOf(b) ? -1 : 1));
  return { labelSet: first.labelSet, classes: first.classes, cases };
}

/** A shorter name that begins a longer one may come after it: files are sorted with their ending. */
function fileOf({ id }: ScoredCase): string {
  return `${id}.nii.gz`;
}

function refused(file: string, reason: string, want: string, hint?: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, hint);
}

function checkSameData(first: HeldOutCases, other: HeldOutCases): void {
  const kindOf = (fold: HeldOutCases) => ({
    "data set": fold.datasetDigest,
    "label set": JSON.stringify(fold.labelSet),
  });
  for (const what of ["data set", "label set"] as const)
    if (kindOf(first)[what] !== kindOf(other)[what])
      throw refused(other.folder, `its ${what} is not that of ${first.folder}`, "a fold of the same data");
}

function checkNoneMissing(folds: readonly HeldOutCases[], heldOutBy: ReadonlyMap<string, HeldOutCases>): void {
  const all = [...new Set(folds.flatMap(({ split }) => split.train))];
  const missing = all.filter((id) => !heldOutBy.has(id)).sort();
  const [one] = missing;
  if (one === undefined) return;
  const trainedBy = folds.find(({ split }) => split.train.includes(one)) as HeldOutCases;
  const reason =
    missing.length === 1
      ? `case ${one} is trained on and held out in none of the folds`
      : `${missing.length} cases, such as ${one}, are trained on and held out in none of the folds`;
  throw refused(
    trainedBy.folder,
    reason,
    "one fold of a cross-validation that holds out every case",
    "Name the missing folds too, or leave their cases out with --partial.",
  );
}
