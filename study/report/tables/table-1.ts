import { TABLE_1_TOGETHER } from "../../paper/table-1.js";
import { deviation, mean } from "../../statistics/moments.js";
import { scoreOf } from "../score.js";
import { type Cell, missing, type Part, type Table, withoutEmptyColumns } from "../table.js";
import { BASELINE, runsOf, type View } from "../view.js";
import { mainRows } from "./main-rows.js";
import { COLUMNS_ABOUT, comparisonWithBaseline, type ScoreRow, scoreTable } from "./score-rows.js";

/** What stands behind the paper's figures, for whoever compares them. */
const PAPER_SETTING = "nnU-Net's plain U-Net at its own plan, 1000 epochs of 250 steps, five folds";

const TITLE = "Table 1: segmentation quality and cost";

/** Every method beside constant patches, on every data set, at the longest training. */
export function table1(view: View): Part<Table> {
  const rows = mainRows(view, view.methods);
  if (rows.length === 0) return missing(TITLE, "a run of any method at the longest training");
  const about = `${view.networks[0]}, length ${view.fullLength} %. ${COLUMNS_ABOUT}`;
  const table = scoreTable(view, { id: "table-1", title: TITLE, about, labels: [], notes: [] }, rows);
  const isPrinted = table.columns.some(({ title }) => title.startsWith("paper"));
  const notes = isPrinted ? [`The paper's figures are of ${PAPER_SETTING}.`] : [];
  return { shown: { ...table, notes } };
}

/** Means over the data sets: the last lines of Table 1, and those of Table D.9. */
export function averagesTable(
  view: View,
  of: Pick<Table, "id" | "title" | "about"> & {
    readonly methods: readonly string[];
    readonly printed: PrintedAverages;
  },
): Table {
  const rows = of.methods.flatMap((method) => {
    const row = averagesOf(view, mainRows(view, [method]));
    if (row === undefined) return [];
    const printed = [of.printed.normalisedPercent, of.printed.runtimePercent, of.printed.flopsPercent];
    return [[method, ...row, ...printed.map((cells) => printedCell(cells, method))]];
  });
  return withoutEmptyColumns({
    id: of.id,
    title: of.title,
    about: of.about,
    columns: [
      { title: "method" },
      { title: "normalised average Dice", unit: "%", digits: 2 },
      { title: "relative runtime", unit: "%", digits: 0 },
      { title: "its SD", unit: "points", digits: 1 },
      { title: "relative FLOPs", unit: "%", digits: 1 },
      { title: "its SD", unit: "points", digits: 1 },
      { title: "data sets" },
      { title: "paper: normalised average Dice", unit: "%", digits: 2 },
      { title: "paper: relative runtime", unit: "%", digits: 0 },
      { title: "paper: relative FLOPs", unit: "%", digits: 0 },
    ],
    rows,
    notes: [],
  });
}

/** What the paper prints for each method. */
export interface PrintedAverages {
  readonly normalisedPercent: Readonly<Record<string, number>>;
  readonly runtimePercent?: Readonly<Record<string, number>>;
  readonly flopsPercent?: Readonly<Record<string, number>>;
}

export function table1Averages(view: View): Part<Table> {
  const title = "Table 1, last lines: means over data sets";
  if (!view.methods.includes(BASELINE)) return missing(title, `runs of ${BASELINE}`);
  const about =
    "Dice in percent of constant's, relative runtime and relative FLOPs of Table 1, each averaged over the data sets with population deviation (n: data sets). The paper's are over its 15.";
  const id = "table-1-averages";
  return { shown: averagesTable(view, { id, title, about, methods: view.methods, printed: TABLE_1_TOGETHER }) };
}

/** A method may have any name, also that of a member that every object has. */
function printedCell(cells: Readonly<Record<string, number>> | undefined, method: string): Cell {
  return cells !== undefined && Object.hasOwn(cells, method) ? (cells[method] ?? null) : null;
}

/** Cells of one method; undefined where no data set has it beside constant patches. */
function averagesOf(view: View, rows: readonly ScoreRow[]): Cell[] | undefined {
  const compared = rows.map((row) => comparisonWithBaseline(view, row)).filter((found) => found !== undefined);
  if (compared.length === 0) return undefined;
  const runtimes = rows.map(
    ({ dataset, arm, length }) => scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm })).runtimePercent,
  );
  const flops = compared.map(({ flopsPercent }) => flopsPercent);
  return [
    mean(compared.map(({ dicePercent }) => dicePercent)),
    ...meanAndDeviation(runtimes),
    ...meanAndDeviation(flops),
    compared.length,
  ];
}

function meanAndDeviation(values: readonly (number | undefined)[]): [Cell, Cell] {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return [null, null];
  return [mean(known), known.length > 1 ? deviation(known) : null];
}
