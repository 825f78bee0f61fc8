import test from "ava";
import { MODES, PAPER_DATASETS } from "../../plan/index.js";
import { TABLE_D7, TABLE_D8, TABLE_D9, TABLE_D9_TOGETHER } from "../../study/paper/further-tables.js";
import { TABLE_1, TABLE_1_TOGETHER } from "../../study/paper/table-1.js";
import { reportOf } from "../../study/report/report.js";
import type { Cell } from "../../study/report/table.js";
import type { RunResult } from "../../study/run-result.js";
import { datasetOf, printedRun } from "./made-runs.js";

/** The tables that the report makes of runs that ended with what the paper prints. */
function reportOfPrinted(runs: readonly RunResult[]) {
  const datasets = PAPER_DATASETS.map(({ name }) => datasetOf(name)).filter(({ name }) =>
    runs.some(({ point }) => point.dataset === name),
  );
  const report = reportOf({ document: {}, planned: runs.length, datasets, runs });
  return {
    report,
    /** Rows of a table, each by the titles of its columns. */
    rows: (id: string): Record<string, Cell>[] => {
      const table = report.tables.find((one) => one.id === id);
      return (table?.rows ?? []).map((row) =>
        Object.fromEntries((table?.columns ?? []).map(({ title }, at) => [title, row[at] ?? null])),
      );
    },
  };
}

test("Table 1 of the paper gives its Wilcoxon p and its normalised averages", (t) => {
  const { rows, report } = reportOfPrinted(TABLE_1.map((score) => printedRun(score, score.dicePercent)));
  const tests = rows("wilcoxon").filter((row) => row["pairs are"] === "data sets");
  for (const { method, against, p } of TABLE_1_TOGETHER.wilcoxon) {
    const found = tests.find((row) => row.method === method && row.against === against);
    t.is(Number(found?.p).toFixed(4), p.toFixed(4), `${method} against ${against}`);
  }
  t.deepEqual(
    tests.map(({ n, "left out": zeros }) => [n, zeros]),
    [
      [15, 0],
      [14, 1],
      [15, 0],
    ],
    "Heart's Dice is the same with constant patches and with Performance",
  );
  const averages = Object.fromEntries(
    rows("table-1-averages").map((row) => [row.method, row["normalised average Dice"]]),
  );
  t.is(Number(averages.efficiency).toFixed(3), "100.470");
  t.is(Number(averages.performance).toFixed(3), "101.257");
  t.deepEqual(
    report.verdicts.map(({ seen }) => seen),
    ["seen", "not seen"],
    "printed Dice tells no runtime, which Efficiency's claim needs",
  );
});

test("Table D.7 of the paper gives the ratios of Table D.8, of BTCV a tenth of what is printed", (t) => {
  const runs = TABLE_D7.flatMap((score) => {
    const intra =
      TABLE_D8.find(({ dataset, method }) => dataset === score.dataset && method === score.method)?.intra ?? Number.NaN;
    // Two folds, as far apart as all five: the deviation over folds is what the paper prints.
    return [
      printedRun({ ...score, fold: 0 }, score.dicePercent - intra),
      printedRun({ ...score, fold: 1 }, score.dicePercent + intra),
    ];
  });
  const ratios = reportOfPrinted(runs)
    .rows("table-d8")
    .map((row) => [row["data set"], row.method, Number(row["inter / intra"]).toFixed(2), row["paper: inter / intra"]]);
  t.deepEqual(ratios, [
    ["BTCV", "constant", "3.25", 32.6],
    ["BTCV", "performance", "5.56", 55.6],
    ["KiTS23", "constant", "76.67", 76.4],
    ["KiTS23", "performance", "76.68", 76.7],
  ]);
});

test("Tables 1 and D.9 of the paper give the averages of Table D.9", (t) => {
  const tenTasks = new Set(TABLE_D9.map(({ dataset }) => dataset));
  const scores = [...TABLE_1, ...TABLE_D9].filter(({ dataset }) => tenTasks.has(dataset));
  const averages = reportOfPrinted(scores.map((score) => printedRun(score, score.dicePercent))).rows(
    "table-d9-averages",
  );
  t.deepEqual(
    averages.map((row) => [row.method, Number(row["normalised average Dice"]).toFixed(2)]),
    Object.entries(TABLE_D9_TOGETHER.normalisedPercent).map(([method, percent]) => [method, percent.toFixed(2)]),
  );
  t.true(averages.every((row) => row["data sets"] === 10));
});

test("the paper's tables name data sets and methods as patchstream does", (t) => {
  for (const { dataset, method } of [...TABLE_1, ...TABLE_D7, ...TABLE_D9]) {
    t.true(
      PAPER_DATASETS.some(({ name }) => name === dataset),
      dataset,
    );
    t.true(
      MODES.some((mode) => mode === method),
      method,
    );
  }
  t.is(TABLE_1.length, 45);
});
