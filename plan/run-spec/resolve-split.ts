import type { CaseTable } from "../batch/case-table.js";
import { refuse } from "../errors.js";
import { byCodeUnit, foldSplit, type Split } from "../sampling/splits.js";
import type { DataSpec } from "./data-spec.js";

type SplitSpec = NonNullable<DataSpec["split"]>;

/**
 * The cases that train and those held out: two lists that together name every case, a fold of nnU-Net's split (by default
 * fold 0 of 5, seed 12345), or fold "all", where every case does both. Cases without a label are in neither. Throws SPEC_INVALID.
 */
export function resolveSplit(spec: SplitSpec, { cases }: CaseTable): Split {
  const isUsable = ({ unlabelled = false }: CaseTable["cases"][number]) => !unlabelled;
  const known = cases
    .filter(isUsable)
    .map(({ id }) => id)
    .sort(byCodeUnit);
  const unlabelled = new Set(cases.filter((one) => !isUsable(one)).map(({ id }) => id));
  refuseUnlabelled(spec, unlabelled);
  if (known.length === 0 && unlabelled.size > 0) {
    const [first] = unlabelled;
    refuse(
      "data.split",
      spec,
      "of cases with a label",
      `The data set has none: ${first} and all others are there for prediction.`,
    );
  }
  if (spec.train !== undefined || spec.val !== undefined) return listedSplit(spec, known);
  if (spec.fold === "all") return { train: known, val: known };
  const { folds = 5, fold = 0, seed = 12345 } = spec;
  if (fold >= folds) refuse("data.split.fold", fold, `0 to ${folds - 1}, or "all", since there are ${folds} folds`);
  const subjects = subjectsOf(spec.groups ?? [], known, unlabelled);
  if (subjects.length < folds) {
    const want = `at most ${subjects.length}, the number of cases (of groups, where they are given)`;
    refuse("data.split.folds", folds, want, 'Fold "all" trains on every case.');
  }
  return foldSplit(subjects, { folds, fold, seed });
}

/** A case without a label can neither train nor validate. */
function refuseUnlabelled(spec: SplitSpec, unlabelled: ReadonlySet<string>): void {
  for (const field of ["train", "val"] as const) {
    const at = (spec[field] ?? []).findIndex((id) => unlabelled.has(id));
    if (at >= 0)
      refuse(
        `data.split.${field}[${at}]`,
        spec[field]?.[at],
        "a case with a label; it has none, and is there for prediction",
      );
  }
}

function listedSplit(spec: SplitSpec, known: readonly string[]): Split {
  for (const field of ["folds", "fold", "seed", "groups"] as const) {
    if (spec[field] !== undefined)
      refuse(`data.split.${field}`, spec[field], "left out, since train and val are listed");
  }
  const train = checkedCases(spec.train ?? [], "data.split.train", known);
  const val = checkedCases(spec.val ?? [], "data.split.val", known);
  if (train.length === 0) refuse("data.split.train", [], "a list of at least one case");
  const held = new Set(val);
  const everyCaseDoesBoth = train.length === val.length && train.every((id) => held.has(id));
  const both = (spec.train ?? []).findIndex((id) => held.has(id));
  if (both >= 0 && !everyCaseDoesBoth) {
    refuse(`data.split.train[${both}]`, spec.train?.[both], "in one list only; it is in data.split.val too");
  }
  const listed = new Set([...train, ...val]);
  const neither = known.find((id) => !listed.has(id));
  if (neither !== undefined) {
    refuse("data.split", spec, `lists that name every case; ${JSON.stringify(neither)} is in neither train nor val`);
  }
  return { train, val };
}

/** The list, sorted; each entry a case of the data set, none twice. */
function checkedCases(ids: readonly string[], field: string, known: readonly string[]): string[] {
  const cases = new Set(known);
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (!cases.has(id)) refuse(`${field}[${index}]`, id, "a case of the data set", `Its cases: ${some(known)}.`);
    if (seen.has(id)) refuse(`${field}[${index}]`, id, "listed once");
    seen.add(id);
  }
  return ids.toSorted(byCodeUnit);
}

/** Labelled cases that stay together; a case in no group is a subject of its own. */
function subjectsOf(
  groups: NonNullable<SplitSpec["groups"]>,
  known: readonly string[],
  unlabelled: ReadonlySet<string>,
): string[][] {
  const named = isList(groups) ? groups : groupsOfMap(groups);
  const lists = named.map((ids) => ids.filter((id) => !unlabelled.has(id)));
  const grouped = lists.flat();
  checkedCases(grouped, "data.split.groups", known);
  const alone = new Set(known);
  for (const id of grouped) alone.delete(id);
  return [...lists.filter((ids) => ids.length > 0).map((ids) => [...ids]), ...[...alone].map((id) => [id])];
}

function groupsOfMap(groups: Readonly<Record<string, string>>): string[][] {
  const lists = new Map<string, string[]>();
  for (const [id, group] of Object.entries(groups)) {
    const list = lists.get(group);
    if (list === undefined) lists.set(group, [id]);
    else list.push(id);
  }
  return [...lists.values()];
}

function isList<Value>(value: Value): value is Extract<Value, readonly unknown[]> {
  return Array.isArray(value);
}

function some(names: readonly string[]): string {
  return names.length <= 6 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}
