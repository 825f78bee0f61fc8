import { FIGURE_5 } from "../../paper/further-tables.js";
import type { StudyDataset } from "../../run-result.js";
import { deviation, mean } from "../../statistics/moments.js";
import { winningShares } from "../../statistics/who-wins.js";
import { diceOf } from "../score.js";
import { type Cell, missing, type Part, type Table, withoutEmptyColumns } from "../table.js";
import { mainArm, runsOf, type View } from "../view.js";

export const VARIABILITY_TITLE = "Figure 5: variability over repeats";

/** Repeats of the methods that differ in their seed only. */
export interface Repeats {
  readonly dataset: StudyDataset;
  readonly length: number;
  readonly fold: number;
  /** At least two methods. */
  readonly methods: readonly {
    readonly method: string;
    /** At least two; Dice of each run, in percent, in the order of the seeds. */
    readonly dicePercent: readonly number[];
  }[];
}

/** Every fold and length at which at least two methods have two seeds or more. */
export function repeatsOf(view: View): Repeats[] {
  const network = view.networks[0] ?? "";
  const folds = [...new Set(view.study.runs.map(({ point }) => point.fold))].sort((a, b) => a - b);
  return view.datasets.flatMap((dataset) =>
    view.lengths.flatMap((length) =>
      folds.flatMap((fold) => {
        const methods = view.methods.flatMap((method) => {
          const arm = mainArm(view, dataset, { method, network, length });
          const runs = arm === undefined ? [] : runsOf(view, { dataset: dataset.name, length, fold, ...arm });
          return runs.length < 2 ? [] : [{ method, dicePercent: runs.map((run) => 100 * diceOf(run)) }];
        });
        return methods.length < 2 ? [] : [{ dataset, length, fold, methods }];
      }),
    ),
  );
}

/** Mean and deviation over repeats, and how often each method wins when one run of each is drawn. */
export function variabilityTable(view: View): Part<Table> {
  const rows = repeatsOf(view).flatMap(({ dataset, length, fold, methods }) => {
    const shares = winningShares(methods.map(({ dicePercent }) => dicePercent));
    const combinations = methods.reduce((product, { dicePercent }) => product * dicePercent.length, 1);
    return methods.map(({ method, dicePercent }, i): Cell[] => {
      const full = length === view.fullLength;
      const printed = FIGURE_5.find((line) => full && line.dataset === dataset.paper && line.method === method);
      const own = [mean(dicePercent), deviation(dicePercent), 100 * (shares[i] ?? 0)];
      const paper = [printed?.mean ?? null, printed?.deviation ?? null, printed?.best ?? null];
      return [dataset.name, length, fold, method, ...own, dicePercent.length, combinations, ...paper];
    });
  });
  if (rows.length === 0) return missing(VARIABILITY_TITLE, "two methods with two seeds or more on the same fold");
  return {
    shown: withoutEmptyColumns({
      id: "figure-5",
      title: `${VARIABILITY_TITLE}, figures`,
      about:
        "Runs of one fold that differ in their seed only: mean and population deviation of Dice. Best: in how many of all combinations of one run of each method it has the highest Dice; a tie is shared.",
      columns: [
        { title: "data set" },
        { title: "length", unit: "%" },
        { title: "fold" },
        { title: "method" },
        { title: "Dice", unit: "%", digits: 2 },
        { title: "SD over seeds", unit: "points", digits: 2 },
        { title: "best", unit: "%", digits: 1 },
        { title: "seeds" },
        { title: "combinations" },
        { title: "paper: Dice", unit: "%", digits: 2 },
        { title: "paper: SD", unit: "points", digits: 2 },
        { title: "paper: best", unit: "%", digits: 1 },
      ],
      rows,
      notes: [],
    }),
  };
}
