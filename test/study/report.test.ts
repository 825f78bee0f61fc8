import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { PatchstreamError } from "../../plan/index.js";
import { tableCsv } from "../../study/report/csv.js";
import { reportHtml } from "../../study/report/html.js";
import { reportMarkdown } from "../../study/report/markdown.js";
import { reportOf } from "../../study/report/report.js";
import { type Cell, cellText, type Table } from "../../study/report/table.js";
import { writeReport } from "../../study/report/write-report.js";
import type { RunResult, StudyPoint } from "../../study/run-result.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { fileScope } from "../trainer/file-scope.js";
import { datasetOf, madeRun, pointsOf, printedRun, writeStudy } from "./made-runs.js";

const HIPPOCAMPUS = datasetOf("MSD Hippocampus", { cases: 200 });
const LUNG = datasetOf("MSD Lung", { smallestClassShare: 0.0001 });
const METHODS = ["constant", "efficiency", "performance", "rpss", "progressive-resolution"];

const scope = fileScope(test);

/** A study with everything that the paper has. */
function wholeStudy(): readonly RunResult[] {
  const datasets = [HIPPOCAMPUS.name, LUNG.name];
  const points = [
    ...pointsOf({ dataset: datasets, method: METHODS, fold: [0, 1, 2], length: [1, 10, 25, 50, 100] }),
    ...pointsOf({ dataset: datasets, method: METHODS.slice(0, 3), fold: [0], length: [10, 100], seed: [1, 2] }),
    ...pointsOf({ dataset: datasets, method: METHODS.slice(0, 3), fold: [0, 1], network: ["unetr", "resenc-l"] }),
    ...pointsOf({
      dataset: [LUNG.name],
      method: ["performance"],
      fold: [0, 1],
      strategy: ["single-crop"],
      length: [10, 100],
    }),
    ...pointsOf({ dataset: [LUNG.name], method: ["constant", "performance"], fold: [0, 1], mirroring: [false] }),
  ];
  const diverges = ({ network, method }: StudyPoint) => network === "unetr" && method === "efficiency";
  return points.map((point) => madeRun(point, { outcome: diverges(point) ? "diverged" : "finished" }));
}

const WHOLE = wholeStudy();

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [
      join(parentPath, name).slice(folder.length + 1),
      readFileSync(join(parentPath, name), "utf8"),
    ]),
  );
}

function written(t: Pick<ExecutionContext, "teardown">, runs: readonly RunResult[], datasets = [HIPPOCAMPUS, LUNG]) {
  const folder = temporaryFolder(t);
  writeStudy(folder, datasets, runs);
  writeReport(folder);
  return { folder, files: filesOf(join(folder, "report")) };
}

let wholeFiles: Record<string, string> | undefined;

/** The report of the whole study, written once. */
function wholeReport(): Record<string, string> {
  wholeFiles ??= written(scope, WHOLE).files;
  return wholeFiles;
}

/** A cell of a table, by what its row begins with and its column's title. */
function cellOf(tables: readonly Table[], id: string, starts: readonly Cell[], title: string): Cell | undefined {
  const table = tables.find((one) => one.id === id);
  const row = table?.rows.find((cells) => starts.every((start, at) => cells[at] === start));
  return row?.[table?.columns.findIndex((column) => column.title === title) ?? -1];
}

test("a study with all that the paper has gets every picture and table but the literature's", (t) => {
  const files = wholeReport();
  const tables = [
    "table-1",
    "table-1-averages",
    "table-2",
    "table-3",
    "table-a4",
    "table-b5",
    "table-d7",
    "table-d8",
    "table-d9",
    "figure-3",
    "figure-5",
    "wilcoxon",
    "datasets",
  ];
  const figures = [
    "dice-over-time-1",
    "learning-curves-1",
    "figure-3-1",
    "figure-4-1",
    "figure-5-1",
    "figure-3-2",
    "figure-a6-2",
  ];
  for (const figure of figures) {
    t.regex(files[`figures/${figure}.svg`] ?? "", /^<svg [\s\S]*<title>[^<]*MSD (Hippocampus|Lung)<\/title>/, figure);
    t.true(files["index.html"]?.includes(`id="picture-${figure}"`), figure);
    t.true(files["report.md"]?.includes(`](figures/${figure}.svg)`), figure);
  }
  for (const table of tables) {
    t.truthy(files[`${table}.csv`], table);
    t.true(files["index.html"]?.includes(`id="${table}"`), table);
    t.true(files["report.md"]?.includes(`(${table}.csv)`), table);
  }
  t.true(files["report.md"]?.includes("Table C.6: the literature: it needs"), "what is missing is said");
  t.true(files["table-1.csv"]?.includes("88.96"), "the paper's own figures stand beside");
});

test("the page is one file: it loads nothing, runs nothing, and has no link but to itself", (t) => {
  const files = wholeReport();
  const html = files["index.html"] ?? "";
  t.notRegex(html, /<script|<link|<img|<iframe|@import|url\(|\ssrc=|\son[a-z]+=/i);
  const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, target]) => target ?? "");
  t.true(
    links.length > 0 && links.every((target) => target.startsWith("#") && html.includes(`id="${target.slice(1)}"`)),
  );
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  t.is(new Set(ids).size, ids.length, "no id twice");
});

test("the same results give the same bytes, however their folders are named", (t) => {
  t.deepEqual(written(t, WHOLE.toReversed()).files, wholeReport());
});

test("other times change nothing but what is said of time", (t) => {
  const runs = WHOLE;
  const slower = runs.map((run, i) => ({
    ...run,
    trainingSeconds: run.trainingSeconds + i,
    stages: run.stages.map((stage) => ({ ...stage, stepSeconds: 3 * stage.stepSeconds + 1, waitingSeconds: 2 })),
    epochs: run.epochs.map((epoch) => ({ ...epoch, seconds: 2 * epoch.seconds })),
  }));
  const partsOf = (some: readonly RunResult[]) => {
    const { tables, figures } = reportOf({ document: {}, planned: 1, datasets: [HIPPOCAMPUS, LUNG], runs: some });
    return new Map([
      ...tables.map((table) => [table.id, tableCsv(table)] as const),
      ...figures.map(({ id, svg }) => [id, svg] as const),
    ]);
  };
  const [first, then] = [partsOf(runs), partsOf(slower)];
  const changed = [...first].filter(([id, part]) => then.get(id) !== part).map(([id]) => id);
  const timed = [
    "dice-over-time-1",
    "dice-over-time-2",
    "learning-curves-1",
    "learning-curves-2",
    "table-1",
    "table-1-averages",
    "table-2",
    "table-3",
  ];
  t.deepEqual(changed.sort(), [...timed, "table-a4", "table-b5", "table-d7", "table-d9", "table-d9-averages"].sort());
});

test("a report that is written again has nothing of the one before", (t) => {
  const { folder } = written(t, WHOLE);
  const few = temporaryFolder(t);
  writeStudy(few, [HIPPOCAMPUS], [madeRun({})]);
  writeStudy(
    folder,
    [HIPPOCAMPUS],
    WHOLE.map(() => madeRun({ method: "constant" })),
  );
  writeReport(few);
  writeReport(folder);
  t.deepEqual(Object.keys(filesOf(join(folder, "report"))), Object.keys(filesOf(join(few, "report"))));
});

test("names that look like markup stay text", (t) => {
  const markup = fc.stringMatching(/^[<>&"'`|*_[\]()a-z ]{1,20}$/);
  fc.assert(
    fc.property(markup, markup, (dataset, method) => {
      const runs = pointsOf({ dataset: [dataset], method: ["constant", method], fold: [0, 1] }).map((point) =>
        madeRun(point),
      );
      const folder = temporaryFolder(t);
      writeStudy(folder, [datasetOf(dataset)], runs, "</pre><script>alert(1)</script>");
      writeReport(folder);
      const html = readFileSync(join(folder, "report", "index.html"), "utf8");
      const tags = [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, name]) => name ?? "");
      const known =
        /^(html|head|meta|title|style|body|main|h[12]|p|nav|ul|li|a|br|strong|section|div|table|thead|tbody|tr|th|td|figure|figcaption|pre|svg|g|path|rect|text|tspan|line|circle|defs|marker|clippath|use)$/i;
      return tags.every((name) => known.test(name)) && !/<script/i.test(html);
    }),
    { numRuns: 15 },
  );
  t.pass();
});

test("a method may be called as what every object has", (t) => {
  const runs = pointsOf({ method: ["constant", "constructor", "__proto__"] }).map((point) => madeRun(point));
  const { tables } = reportOf({ document: {}, planned: 3, datasets: [HIPPOCAMPUS], runs });
  const averages = tables.find(({ id }) => id === "table-1-averages");
  t.is(averages?.rows.length, 3);
  for (const row of averages?.rows ?? [])
    t.true(row.every((cell) => cell === null || ["string", "number"].includes(typeof cell)));
});

test("what the batches hold is drawn from the first step to the last", (t) => {
  const { figures } = reportOf({
    document: {},
    planned: 1,
    datasets: [HIPPOCAMPUS],
    runs: [madeRun({ method: "efficiency" })],
  });
  const svg = figures.find(({ id }) => id === "figure-4-1")?.svg ?? "";
  t.is([...svg.matchAll(/>100<\/text>/g)].length, 3, "every panel's axis ends at 100 %");
});

test("a study of one method says what it lacks for each part of the paper", (t) => {
  const { files } = written(
    t,
    pointsOf({ fold: [0, 1] }).map((point) => madeRun(point)),
  );
  const lacks = (files["report.md"] ?? "").split("## Not in this study")[1] ?? "";
  for (const part of [
    "Table 2",
    "Table 3",
    "Table A.4",
    "Table B.5",
    "Table C.6",
    "Table D.7",
    "Table D.8",
    "Table D.9",
    "Figure 3",
    "Figure 5",
    "Wilcoxon",
    "Spearman",
  ])
    t.regex(lacks, new RegExp(`- ${part}.*: it needs [^.]+.*\\.\n`), part);
});

test("a run that diverged counts as Dice 0, and the first lines say so", (t) => {
  const runs = [
    ...pointsOf({ fold: [0, 1] }).map((point) => madeRun(point)),
    ...pointsOf({ fold: [0, 1], method: ["efficiency"] }).map((point) => ({
      ...madeRun(point, { outcome: "diverged" }),
      meanDice: 0.4,
    })),
  ];
  const report = reportOf({ document: {}, planned: 0, datasets: [HIPPOCAMPUS], runs });
  const table = report.tables.find(({ id }) => id === "table-1");
  const row = table?.rows.find(([, method]) => method === "efficiency");
  const cell = (title: string) => row?.[table?.columns.findIndex((column) => column.title === title) ?? -1];
  t.deepEqual([cell("Dice"), cell("relative Dice"), cell("diverged"), cell("relative runtime")], [0, 0, 2, null]);
  t.true(
    report.summary.some((line) =>
      line.includes("2 runs diverged and count as Dice 0: efficiency with plain-unet on MSD Hippocampus"),
    ),
  );
  t.is(report.verdicts.find(({ claim }) => claim.startsWith("Efficiency"))?.seen, "not seen");
});

/** Constant patches and Performance with Dice of held-out cases `differences` apart. */
function twoMethods(differences: readonly number[]): RunResult[] {
  const cases = (of: (difference: number) => number) =>
    differences.map((difference, i) => ({ case: `c${i}`, dice: [of(difference)] }));
  const mean = (values: readonly { readonly dice: readonly number[] }[]) =>
    values.reduce((sum, { dice }) => sum + (dice[0] ?? 0), 0) / values.length;
  const run = (method: string, held: ReturnType<typeof cases>) => ({
    ...printedRun({ method }, 100 * mean(held)),
    cases: held,
  });
  return [
    run(
      "constant",
      cases(() => 0.5),
    ),
    run(
      "performance",
      cases((difference) => 0.5 + difference),
    ),
  ];
}

test("Performance's claim is seen, not shown, or not seen, by the rule that the report states", (t) => {
  const seen = (differences: readonly number[]) =>
    reportOf({ document: {}, planned: 0, datasets: [HIPPOCAMPUS], runs: twoMethods(differences) }).verdicts.map(
      (verdict) => verdict.seen,
    );
  t.deepEqual(seen([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]), ["seen"], "p = 0.031");
  t.deepEqual(seen([0.01, 0.02, 0.03, 0.04, 0.05]), ["not shown"], "p = 0.063: five cases are too few");
  t.deepEqual(seen([0.05, -0.01, 0.02, -0.03, 0.01, 0.01]), ["not shown"]);
  t.deepEqual(seen([-0.05, 0.01, -0.02, 0.03, -0.01, -0.01]), ["not seen"]);
  t.deepEqual(seen([0, 0, 0, 0, 0, 0]), ["not seen"]);
  const manySlightlyLower = Array.from({ length: 11 }, (_, i) => -0.01 - i / 1000);
  t.deepEqual(seen([0.4, ...manySlightlyLower]), ["not seen"], "higher on average, and the test finds it lower");
});

test("where constant patches have learnt nothing, nothing is decided", (t) => {
  for (const [dice, seen] of [
    [9.9, "not decided"],
    [10, "not seen"],
  ] as const) {
    const runs = [printedRun({}, dice), printedRun({ method: "performance" }, dice)];
    const { verdicts } = reportOf({ document: {}, planned: 2, datasets: [HIPPOCAMPUS], runs });
    t.deepEqual(
      verdicts.map((verdict) => verdict.seen),
      [seen],
    );
  }
});

test("where constant patches have a Dice of 0, nothing is decided and nothing is relative", (t) => {
  const runs = [printedRun({}, 0), printedRun({ method: "performance" }, 1)];
  const { tables, verdicts } = reportOf({ document: {}, planned: 2, datasets: [HIPPOCAMPUS], runs });
  t.deepEqual(
    verdicts.map(({ seen }) => seen),
    ["not decided"],
  );
  const relative = cellOf(tables, "table-1", [HIPPOCAMPUS.name, "performance"], "relative Dice");
  t.is(cellText(relative ?? null, { title: "" }), "-");
});

test("the paper's plain U-Net stands beside the first network, whatever its name, and beside no other", (t) => {
  const points = pointsOf({ network: ["small", "small", "large"], fold: [0, 1] }).filter(
    ({ network, fold }) => network === "small" || fold === 0,
  );
  const { tables } = reportOf({
    document: {},
    planned: 3,
    datasets: [HIPPOCAMPUS],
    runs: points.map((point) => madeRun(point)),
  });
  t.is(cellOf(tables, "table-1", [HIPPOCAMPUS.name, "constant"], "paper: Dice"), 88.96);
  const beside = (network: string) => cellOf(tables, "table-3", [HIPPOCAMPUS.name, "constant", network], "paper: Dice");
  t.deepEqual([beside("small"), beside("large")], [88.96, null]);
});

test("classes that a case does not have are left out of its Dice, on both sides", (t) => {
  const run = (method: string, dice: readonly (number | null)[]) => ({
    ...printedRun({ method }, 50),
    cases: [{ case: "a", dice }],
  });
  const report = reportOf({
    document: {},
    planned: 0,
    datasets: [HIPPOCAMPUS],
    runs: [run("constant", [0.25, null, 0.5]), run("performance", [0.5, 0.9, null])],
  });
  const row = report.tables
    .find(({ id }) => id === "wilcoxon")
    ?.rows.find((cells) => String(cells[2]).startsWith("held-out"));
  t.is(row?.[5] ?? row?.[4], 25, "half of a Dice less a quarter, of the one class that both have");
});

test("a chance below what is shown is not shown as zero", (t) => {
  const p = { title: "p", digits: 4, isChance: true } as const;
  t.deepEqual(
    [0, 0.00001, 0.0001, 0.5].map((chance) => cellText(chance, p)),
    ["< 0.0001", "< 0.0001", "0.0001", "0.5000"],
  );
});

test("a comparison is of runs of the same fold and seed", (t) => {
  const dice: readonly (readonly [Partial<StudyPoint>, number])[] = [
    [{ method: "constant", fold: 0 }, 50],
    [{ method: "constant", fold: 1 }, 80],
    [{ method: "performance", fold: 0 }, 60],
    [{ method: "performance", fold: 0, seed: 1 }, 90],
  ];
  const runs = dice.map(([point, percent]) => printedRun(point, percent));
  const table = reportOf({ document: {}, planned: 0, datasets: [HIPPOCAMPUS], runs }).tables.find(
    ({ id }) => id === "table-1",
  );
  const at = table?.columns.findIndex(({ title }) => title === "relative Dice") ?? -1;
  t.is(table?.rows[1]?.[at], 120);
});

test("relative runtime is a run's time beside that of its steps at the full patch; relative FLOPs are voxels", (t) => {
  const stage = (patch: number, batchSize: number, steps: number, stepSeconds: number, waitingSeconds: number) => ({
    stage: 0,
    patchSize: [patch, patch, patch] as const,
    batchSize,
    steps,
    stepSeconds,
    waitingSeconds,
    flops: stepSeconds,
  });
  const timed = (method: string, stages: RunResult["stages"], trainingSeconds: number) => ({
    ...printedRun({ method }, 50),
    stages,
    trainingSeconds,
  });
  const runs = [
    timed("constant", [stage(8, 2, 200, 60, 20)], 80),
    timed("efficiency", [stage(4, 2, 100, 10, 0), stage(8, 2, 100, 30, 10)], 48),
  ];
  const { tables } = reportOf({ document: {}, planned: 2, datasets: [HIPPOCAMPUS], runs });
  const cell = (title: string) => cellOf(tables, "table-1", [HIPPOCAMPUS.name, "efficiency"], title);
  t.is(cell("relative runtime"), 62.5, "50 s of 200 steps at 0.4 s");
  t.is(cell("measured runtime"), 60);
  t.is(cell("relative FLOPs"), 56.25);
  t.is(Number(cell("network FLOPs")).toFixed(3), "66.667");
});

test("a report names stores by their last part, not by where they lie", (t) => {
  const stores = {
    "/home/somebody/stores/liver": "liver",
    "s3://bucket/stores/liver/": "liver",
    "https://host.example/stores/liver?token=secret": "liver",
    "stores/liver": "liver",
  };
  for (const [store, name] of Object.entries(stores)) {
    const document = { datasets: [{ name: HIPPOCAMPUS.name, store }], methods: ["constant"] };
    const runs = [printedRun({ dataset: HIPPOCAMPUS.name }, 80)];
    const report = reportOf({ document, planned: 1, datasets: [HIPPOCAMPUS], runs });
    t.is(JSON.parse(report.document).datasets[0].store, name);
    for (const text of [reportMarkdown(report), reportHtml(report)])
      t.false(/somebody|bucket|secret/.test(text), store);
  }
});

test("with four data sets the gain is held against what they are", (t) => {
  const gains = [4, 3, 2, 1, 0.5];
  const datasets = gains.map((_, i) => datasetOf(`set-${i}`, { smallestClassShare: 0.001 * (i + 1), cases: 20 }));
  const runs = datasets.flatMap(({ name: dataset }, i) => [
    printedRun({ dataset }, 80),
    printedRun({ dataset, method: "performance" }, 80 + (gains[i] ?? 0)),
  ]);
  const { tables, missing } = reportOf({ document: {}, planned: 10, datasets, runs });
  const rarest = ["performance", 100, "smallest class frequency"];
  t.deepEqual(
    ["n", "rho", "p"].map((title) => cellOf(tables, "spearman", rarest, title)),
    [5, -1, 0],
  );
  t.is(cellOf(tables, "spearman", ["performance", 100, "data set size, cases"], "n"), undefined, "all sizes are equal");
  const few = reportOf({ document: {}, planned: 6, datasets, runs: runs.slice(0, 6) });
  t.true(few.missing.some(({ title }) => title.startsWith("Spearman")));
  t.false(missing.some(({ title }) => title.startsWith("Spearman")));
});

test("who is best is counted over data sets, length by length, and all that share it count", (t) => {
  const dice = { "MSD Lung": { constant: 50, performance: 60 }, "MSD Hippocampus": { constant: 70, performance: 70 } };
  const runs = Object.entries(dice).flatMap(([dataset, methods]) =>
    Object.entries(methods).flatMap(([method, percent]) =>
      [1, 100].map((length) => printedRun({ dataset, method, length }, length === 1 ? 90 - percent : percent)),
    ),
  );
  const { tables } = reportOf({ document: {}, planned: 8, datasets: [HIPPOCAMPUS, LUNG], runs });
  const best = (length: number, method: string) => cellOf(tables, "figure-3-best", [length, method], "best on");
  t.deepEqual([best(1, "constant"), best(1, "performance")], [2, 1]);
  t.deepEqual([best(100, "constant"), best(100, "performance")], [1, 2]);
  t.is(cellOf(tables, "figure-3-best", [1, "performance"], "paper: best on (of 15)"), 13);
});

test("what is no result is refused in one line with its file, field and value", (t) => {
  const damaged = (change: (run: RunResult) => unknown): string => {
    const folder = temporaryFolder(t);
    writeStudy(folder, [HIPPOCAMPUS], [madeRun({})]);
    writeFileSync(join(folder, "runs", "run-0", "result.json"), JSON.stringify(change(madeRun({}))));
    const error = t.throws(() => writeReport(folder), { instanceOf: PatchstreamError });
    t.is(error.code, "INPUT_DAMAGED");
    return error.message;
  };
  t.regex(
    damaged((run) => ({ ...run, meanDice: 89 })),
    /run-0\/result\.json: result\.meanDice is 89; it must be a number from 0 to 1/,
  );
  t.regex(
    damaged((run) => ({ ...run, outcome: "killed" })),
    /result\.outcome is "killed"/,
  );
  t.regex(
    damaged(() => []),
    /result\.point\.dataset is missing/,
  );
});

test("a study without a result has no report, and what is no study is none", (t) => {
  const folder = temporaryFolder(t);
  writeStudy(folder, [HIPPOCAMPUS], []);
  t.is(t.throws(() => writeReport(folder), { instanceOf: PatchstreamError }).code, "NOT_FOUND");
  t.is(t.throws(() => writeReport(join(folder, "runs")), { instanceOf: PatchstreamError }).code, "INPUT_DAMAGED");
});

test("whichever runs have ended, the report is whole, and no cell, picture or sentence holds what is no figure", (t) => {
  const all = [...WHOLE];
  const some = fc.subarray(all, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(some, (runs) => {
      const report = reportOf({ document: {}, planned: all.length, datasets: [HIPPOCAMPUS, LUNG], runs });
      const pages = [reportHtml(report), reportMarkdown(report), ...report.tables.map(tableCsv)];
      const wrong = pages.flatMap((page) => page.match(/.{0,40}(?:NaN|undefined|Infinity|\[object).{0,40}/g) ?? []);
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
      const anchors = [...report.tables, ...report.figures].map(({ id }) => id);
      return (
        report.tables.every(({ rows, columns }) => rows.every((row) => row.length === columns.length)) &&
        anchors.length > 0
      );
    }),
    { numRuns: 10 },
  );
  t.pass();
});

test("a study that is not at its end says how many of its runs the report is of", (t) => {
  const first = (planned: number) =>
    reportOf({ document: {}, planned, datasets: [HIPPOCAMPUS], runs: [madeRun({})] }).summary[1];
  t.regex(
    first(3) ?? "",
    /^Budget: 1 of 3 runs so far, each of 600 optimiser steps, [\d.]+ (minutes|hours) of training in all, by onnx on cpu\.$/,
  );
  t.regex(first(1) ?? "", /^Budget: 1 run of 600 optimiser steps, /);
});

test("networks are compared at the longest training that two of them have", (t) => {
  const runs = [
    ...pointsOf({ fold: [0, 1], length: [25, 100], method: ["constant", "performance"] }),
    ...pointsOf({ fold: [0, 1], length: [25], method: ["constant", "performance"], network: ["residual-unet"] }),
  ].map((point) => madeRun(point));
  const { tables, missing } = reportOf({ document: {}, planned: 12, datasets: [HIPPOCAMPUS], runs });
  const larger = tables.find(({ id }) => id === "table-d7");
  t.is(larger?.rows.length, 4, "two networks with two methods");
  t.true(larger?.notes.some((note) => note.startsWith("Length 25 %")));
  t.is(tables.find(({ id }) => id === "table-d8")?.rows.length, 2);
  t.true(missing.some(({ title }) => title.startsWith("Table 3:")));
});
