import { tableCsv } from "../../study/report/csv.js";
import { reportHtml } from "../../study/report/html.js";
import { reportMarkdown } from "../../study/report/markdown.js";
import { readStudy } from "../../study/report/read-study.js";
import { reportOf } from "../../study/report/report.js";
import type { RunResult } from "../../study/run-result.js";

/** All that the report of a study's folder says, written with a second for each step: two studies whose results differ in times alone have the same. */
export function reportWithoutTimes(folder: string): string {
  const study = readStudy(folder);
  const report = reportOf({ ...study, runs: study.runs.map(withASecondAStep) });
  const tables = report.tables.map((table) => `${table.id}\n${tableCsv(table)}`);
  return [reportMarkdown(report), ...tables, reportHtml(report)].join("\n");
}

function withASecondAStep(result: RunResult): RunResult {
  return {
    ...result,
    trainingSeconds: result.stages.reduce((sum, { steps }) => sum + steps, 0),
    forwardSeconds: 1,
    stages: result.stages.map(({ joules: _, ...stage }) => ({ ...stage, stepSeconds: stage.steps, waitingSeconds: 0 })),
    epochs: result.epochs.map((epoch) => ({ ...epoch, seconds: epoch.steps })),
  };
}
