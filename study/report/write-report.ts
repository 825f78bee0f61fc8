import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFiles } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { StudyFolder } from "../runner/study-folder.js";
import { tableCsv } from "./csv.js";
import { reportHtml } from "./html.js";
import { reportMarkdown } from "./markdown.js";
import { readStudy } from "./read-study.js";
import { reportOf } from "./report.js";

/**
 * Writes `report/` of a study's folder from the results there are until now: `index.html`, `report.md`, a CSV file for each table,
 * `figures/` with an SVG file for each picture. The same results give the same bytes. Returns the path of `index.html`. Throws NOT_FOUND
 * where no run has ended yet, INPUT_DAMAGED for results that cannot be read.
 */
export function writeReport(folder: string): string {
  const study = readStudy(folder);
  if (study.runs.length === 0)
    throw new PatchstreamError(
      { code: "NOT_FOUND", what: "result of a run in", name: folder, known: [] },
      "A report needs at least one run that has ended.",
    );
  const report = reportOf(study);
  const index = new StudyFolder(folder).reportFile;
  const place = dirname(index);
  const files = [
    ...report.tables.map((table) => [join(place, `${table.id}.csv`), tableCsv(table)] as const),
    ...report.figures.map(({ id, svg }) => [join(place, "figures", `${id}.svg`), svg] as const),
    [join(place, "report.md"), reportMarkdown(report)] as const,
    [index, reportHtml(report)] as const,
  ];
  replaceFiles(files);
  removeEarlier(
    place,
    files.map(([file]) => file),
  );
  return index;
}

/** Tables and pictures of an earlier report that are not in this one. */
function removeEarlier(place: string, written: readonly string[]): void {
  for (const folder of [place, join(place, "figures")])
    for (const name of existsSync(folder) ? readdirSync(folder) : [])
      if (/\.(csv|svg)$/.test(name) && !written.includes(join(folder, name))) rmSync(join(folder, name));
}
