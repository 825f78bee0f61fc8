import { FIGURE_3_BEST } from "../../paper/further-tables.js";
import { scoreOf } from "../score.js";
import { type Cell, missing, type Part, type Table, withoutEmptyColumns } from "../table.js";
import { BASELINE, runsOf, type View } from "../view.js";
import { mainRows } from "./main-rows.js";
import { comparisonWithBaseline } from "./score-rows.js";

export const LENGTHS_TITLE = "Figure 3: Dice by training length";

/** What Figure 3 draws: Dice of every method at every length. */
export function lengthsTable(view: View): Part<Table> {
  if (view.lengths.length < 2) return missing(LENGTHS_TITLE, "runs of two training lengths");
  const rows = view.lengths.flatMap((length) =>
    mainRows(view, view.methods, length).map((row): Cell[] => {
      const score = scoreOf(runsOf(view, { dataset: row.dataset.name, length, ...row.arm }));
      const comparison = comparisonWithBaseline(view, row);
      const deviation = score.folds > 1 ? 100 * score.deviation : null;
      return [
        row.dataset.name,
        length,
        row.arm.method,
        100 * score.dice,
        deviation,
        comparison?.dicePercent ?? null,
        score.runs,
      ];
    }),
  );
  return {
    shown: withoutEmptyColumns({
      id: "figure-3",
      title: `${LENGTHS_TITLE}, figures`,
      about: `Length in percent of the full training: fewer steps an epoch, the same epochs. ${view.networks[0]}; Dice, SD over folds and relative Dice (percent of ${BASELINE}'s) as in Table 1; runs is n.`,
      columns: [
        { title: "data set" },
        { title: "length", unit: "%" },
        { title: "method" },
        { title: "Dice", unit: "%", digits: 2 },
        { title: "SD over folds", unit: "points", digits: 2 },
        { title: "relative Dice", unit: "%", digits: 2 },
        { title: "runs" },
      ],
      rows: rows.sort(([a], [b]) => datasetOrder(view, a) - datasetOrder(view, b)),
      notes: [],
    }),
  };
}

/** On how many data sets each method has the highest Dice, length by length. */
export function bestByLength(view: View): Part<Table>[] {
  if (view.lengths.length < 2) return []; // what is missing is said of the table of Figure 3
  const rows = view.lengths.flatMap((length) => {
    const winners = view.datasets.flatMap((dataset) => {
      const scores = mainRows(view, view.methods, length)
        .filter((row) => row.dataset === dataset)
        .map(({ arm }) => ({
          method: arm.method,
          dice: scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm })).dice,
        }));
      const highest = Math.max(...scores.map(({ dice }) => dice));
      return scores.length < 2 ? [] : [scores.filter(({ dice }) => dice === highest).map(({ method }) => method)];
    });
    return view.methods.map((method): Cell[] => {
      const best = winners.filter((methods) => methods.includes(method)).length;
      const printed = method === "performance" ? (FIGURE_3_BEST.get(length) ?? null) : null;
      return [length, method, best, winners.length, printed];
    });
  });
  const shown = withoutEmptyColumns({
    id: "figure-3-best",
    title: "Figure 3: who is best at which length",
    about: `On how many data sets each method has the highest Dice (all that share it count), ${view.networks[0]}.`,
    columns: [
      { title: "length", unit: "%" },
      { title: "method" },
      { title: "best on" },
      { title: "data sets" },
      { title: "paper: best on (of 15)" },
    ],
    rows,
    notes: [],
  });
  return [{ shown }];
}

function datasetOrder(view: View, name: Cell | undefined): number {
  return view.datasets.findIndex((dataset) => dataset.name === name);
}
