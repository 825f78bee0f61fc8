import {
  MODE_DEFAULTS,
  type Mode,
  type NetworkPlan,
  PAPER_DATASETS,
  planStages,
  relativeFlops,
} from "../../plan/index.js";
import { alignColumns, sizeText } from "../columns.js";
import { type CurriculumJson, curriculumJson } from "./plan-table.js";

type Verdict = "reproduced" | "within 1 point" | "not reproduced";

/** A mode of one data set beside its cell in Table 1. */
interface PaperMode extends CurriculumJson {
  /** Relative FLOPs with the stages that the paper seems to count; in Performance all but the first. */
  readonly relativeFlopsAsPaper: number;
  readonly verdict: Verdict;
}

export interface PaperRow {
  readonly name: string;
  readonly plan: NetworkPlan;
  readonly modes: { readonly efficiency: PaperMode; readonly performance: PaperMode };
  /** Table 1: relative FLOPs in percent. */
  readonly paper: { readonly efficiency: number; readonly performance: number };
}

function judge(percent: number, printed: number): Verdict {
  if (Math.round(percent) === printed) return "reproduced";
  return Math.abs(percent - printed) <= 1 ? "within 1 point" : "not reproduced";
}

function paperMode(mode: Mode, plan: NetworkPlan, epochs: number, uncounted: number, printed: number): PaperMode {
  const { foregroundFraction } = MODE_DEFAULTS[mode];
  const stages = planStages(mode, { plan, epochs, foregroundFraction, rounding: "floor", budgetFraction: 1 });
  const relativeFlopsAsPaper = relativeFlops(plan, stages, stages.slice(uncounted));
  const verdict = judge(100 * relativeFlopsAsPaper, printed);
  return { ...curriculumJson({ plan, mode, stages }), relativeFlopsAsPaper, verdict };
}

/** Efficiency and Performance of all 15 data sets beside the paper's Table 1. */
export function paperRows(epochs: number): PaperRow[] {
  return PAPER_DATASETS.map(({ name, plan, flopsPercent }) => ({
    name,
    plan,
    modes: {
      efficiency: paperMode("efficiency", plan, epochs, 0, flopsPercent.efficiency),
      performance: paperMode("performance", plan, epochs, 1, flopsPercent.performance),
    },
    paper: flopsPercent,
  }));
}

/** The table that `patchstream plan --paper` prints: at most 100 columns. */
export function paperTable(rows: readonly PaperRow[], epochs: number): string {
  const percent = (fraction: number) => (100 * fraction).toFixed(2);
  const header = ["data set", "patch", "n", "Eff", "paper", "", "Perf*", "paper", "", "true"];
  const cells = rows.map(({ name, plan, modes: { efficiency, performance }, paper }) => [
    name,
    sizeText(plan.patchSize),
    `${efficiency.stages.length}`,
    percent(efficiency.relativeFlops),
    `${paper.efficiency}`,
    efficiency.verdict,
    percent(performance.relativeFlopsAsPaper),
    `${paper.performance}`,
    performance.verdict,
    percent(performance.relativeFlops),
  ]);
  const mean = rows.reduce((sum, { modes }) => sum + modes.performance.relativeFlops, 0) / rows.length;
  return [
    `Relative FLOPs in % of constant training, ${epochs} epochs, beside the paper's Table 1 (n stages)\n\n`,
    alignColumns([header, ...cells], [0, 1, 5, 8]),
    `\nEfficiency: ${summary(rows, "efficiency")}\n`,
    `Performance: ${summary(rows, "performance")}\n\n`,
    "* the first stage left out of the sum: then all of the paper's numbers come out. That the paper\n",
    "  counts so is inferred from this, it does not say it. The true cost is in the last column;\n",
    `  its mean is ${percent(mean)} %.\n`,
  ].join("");
}

function summary(rows: readonly PaperRow[], mode: keyof PaperRow["modes"]): string {
  const named = (verdict: Verdict) =>
    rows.filter(({ modes }) => modes[mode].verdict === verdict).map(({ name }) => name);
  const parts = [`${named("reproduced").length} of ${rows.length} reproduced`];
  for (const verdict of ["within 1 point", "not reproduced"] as const) {
    const names = named(verdict);
    if (names.length > 0) parts.push(`${verdict}: ${names.join(", ")}`);
  }
  return `${parts.join(";\n  ")}.`;
}
