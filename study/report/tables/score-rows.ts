import { PAPER_NETWORKS, paperScore } from "../../paper/find.js";
import { PLAIN } from "../../paper/paper-score.js";
import type { StudyDataset } from "../../run-result.js";
import { relativeDice } from "../../statistics/relative-dice.js";
import { comparisonOf, scoreOf } from "../score.js";
import { type Cell, type Column, type Table, withoutEmptyColumns } from "../table.js";
import { type Arm, BASELINE, baselineOf, runsOf, type View } from "../view.js";

/** What a row says beside its figures. */
export type Label = "network" | "strategy" | "mirroring";

export interface ScoreRow {
  readonly dataset: StudyDataset;
  readonly arm: Arm;
  readonly length: number;
}

const LABELS: Readonly<Record<Label, Column>> = {
  network: { title: "network" },
  strategy: { title: "batch strategy" },
  mirroring: { title: "mirroring" },
};

const FIGURES: readonly Column[] = [
  { title: "Dice", unit: "%", digits: 2 },
  { title: "SD over folds", unit: "points", digits: 2 },
  { title: "relative Dice", unit: "%", digits: 2 },
  { title: "relative runtime", unit: "%", digits: 0 },
  { title: "measured runtime", unit: "%", digits: 0 },
  { title: "relative FLOPs", unit: "%", digits: 1 },
  { title: "network FLOPs", unit: "%", digits: 1 },
  { title: "energy of a run", unit: "kJ", digits: 1 },
  { title: "runs" },
  { title: "diverged" },
  { title: "paper: Dice", unit: "%", digits: 2 },
  { title: "paper: relative Dice", unit: "%", digits: 2 },
  { title: "paper: relative runtime", unit: "%", digits: 0 },
  { title: "paper: relative FLOPs", unit: "%", digits: 0 },
];

/** What the columns of `scoreTable` mean. */
export const COLUMNS_ABOUT =
  "Dice is the mean over foreground classes of held-out cases, over folds, of each fold the mean over its seeds; SD is the population deviation over folds. " +
  "Relative figures are in percent of constant patches with the same network and mirroring, of pairs of the same fold and seed. " +
  "Of the two runtimes, measured runtime is what the clock showed (the training beside constant's, waiting included, validation not), " +
  "and relative runtime is the paper's virtual one (computed from each run alone: its time beside the time had all its steps been at its full patch; median over runs). " +
  "Relative FLOPs are voxels trained on, as in the paper; network FLOPs what the network computed for them. Runs is n.";

/** The same for a table that does not say it again. */
export const AS_TABLE_1 = "Columns as in Table 1.";

/** A table with a row for each arm, its figures, and the paper's beside them. */
export function scoreTable(
  view: View,
  table: Pick<Table, "id" | "title" | "about" | "notes"> & { readonly labels: readonly Label[] },
  rows: readonly ScoreRow[],
): Table {
  return withoutEmptyColumns({
    id: table.id,
    title: table.title,
    about: table.about,
    notes: table.notes,
    columns: [{ title: "data set" }, { title: "method" }, ...table.labels.map((label) => LABELS[label]), ...FIGURES],
    rows: rows.map((row) => [
      row.dataset.name,
      row.arm.method,
      ...table.labels.map((label) => labelOf(row.arm, label)),
      ...figuresOf(view, row),
    ]),
  });
}

function labelOf(arm: Arm, label: Label): string {
  if (label === "mirroring") return arm.mirroring ? "on" : "off";
  return arm[label];
}

/** Cells in the order of `FIGURES`. */
function figuresOf(view: View, { dataset, arm, length }: ScoreRow): Cell[] {
  const score = scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm }));
  const comparison = comparisonWithBaseline(view, { dataset, arm, length });
  const printed = paperScore({ dataset: dataset.paper, ...asPrinted(view, arm) });
  const reference = baselineArm(view, dataset, arm);
  const printedReference = reference && paperScore({ dataset: dataset.paper, ...asPrinted(view, reference) });
  return [
    100 * score.dice,
    score.folds > 1 ? 100 * score.deviation : null,
    comparison?.dicePercent ?? null,
    score.runtimePercent ?? null,
    comparison?.measuredRuntimePercent ?? null,
    comparison?.flopsPercent ?? null,
    comparison?.operationsPercent ?? null,
    score.kilojoules ?? null,
    score.runs,
    score.diverged > 0 ? score.diverged : null,
    printed?.dicePercent ?? null,
    printed && printedReference ? relativeDice(printed.dicePercent, printedReference.dicePercent) : null,
    printed?.runtimePercent ?? null,
    printed?.flopsPercent ?? null,
  ];
}

/** The paper's tables are of the plain U-Net: it stands beside the study's first network, whatever that is called. */
function asPrinted(view: View, arm: Arm): Arm {
  return arm.network === view.networks[0] && !PAPER_NETWORKS.has(arm.network) ? { ...arm, network: PLAIN } : arm;
}

function baselineArm(view: View, dataset: StudyDataset, arm: Arm): Arm | undefined {
  return arm.method === BASELINE ? arm : baselineOf(view, dataset, arm);
}

/** The row's arm beside constant patches; undefined without common folds and seeds. */
export function comparisonWithBaseline(view: View, { dataset, arm, length }: ScoreRow) {
  const reference = baselineArm(view, dataset, arm);
  if (reference === undefined) return undefined;
  const wanted = { dataset: dataset.name, length };
  return comparisonOf(runsOf(view, { ...wanted, ...arm }), runsOf(view, { ...wanted, ...reference }));
}
