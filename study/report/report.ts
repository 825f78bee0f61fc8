import { lengthFigures, strategyFigures } from "./figures/by-length.js";
import { diceOverTime } from "./figures/dice-over-time.js";
import { learningCurves } from "./figures/learning-curves.js";
import { stageFigures } from "./figures/stages.js";
import { variabilityFigures } from "./figures/variability.js";
import { documentText, type Study } from "./read-study.js";
import { summaryOf } from "./summary.js";
import type { Figure, Missing, Part, Table } from "./table.js";
import { tableA4, tableB5 } from "./tables/batches.js";
import { table2, tableD9 } from "./tables/curricula.js";
import { datasetsTable } from "./tables/datasets.js";
import { bestByLength, lengthsTable } from "./tables/lengths.js";
import { tableC6 } from "./tables/literature.js";
import { table3, tableD7, tableD8 } from "./tables/networks.js";
import { spearmanTable, wilcoxonTable } from "./tables/significance.js";
import { table1, table1Averages } from "./tables/table-1.js";
import { variabilityTable } from "./tables/variability.js";
import { RULE, type Verdict, verdictsOf } from "./verdict.js";
import { viewStudy } from "./view.js";

/** All that the report says, whatever it is written as. */
export interface Report {
  readonly title: string;
  /** What was compared, with what budget. */
  readonly summary: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** How the verdicts were decided. */
  readonly rule: string;
  readonly figures: readonly Figure[];
  readonly tables: readonly Table[];
  /** What of the paper this study has too few runs for. */
  readonly missing: readonly Missing[];
  /** The study's document, for whoever wants to run it again. */
  readonly document: string;
}

/** The report of what a study has left until now: a pure function of it. */
export function reportOf(study: Study): Report {
  const view = viewStudy(study);
  const tables: readonly Part<Table>[] = [
    { shown: datasetsTable(view) },
    table1(view),
    table1Averages(view),
    wilcoxonTable(view),
    table2(view),
    table3(view),
    lengthsTable(view),
    ...bestByLength(view),
    variabilityTable(view),
    tableA4(view),
    tableB5(view),
    tableC6(view),
    tableD7(view),
    tableD8(view),
    ...tableD9(view),
    spearmanTable(view),
  ];
  const figures: readonly Part<Figure>[] = [
    ...diceOverTime(view),
    ...learningCurves(view),
    ...lengthFigures(view),
    ...stageFigures(view),
    ...variabilityFigures(view),
    ...strategyFigures(view),
  ];
  return {
    title: "Patch-size curricula: a study",
    summary: summaryOf(view),
    verdicts: verdictsOf(view),
    rule: RULE,
    figures: shownOf(figures),
    tables: shownOf(tables),
    missing: [...missingOf(figures), ...missingOf(tables)],
    document: documentText(study),
  };
}

function shownOf<Shown>(parts: readonly Part<Shown>[]): Shown[] {
  return parts.flatMap((part) => ("shown" in part ? [part.shown] : []));
}

function missingOf<Shown>(parts: readonly Part<Shown>[]): Missing[] {
  return parts.flatMap((part) => ("missing" in part ? [part.missing] : []));
}
