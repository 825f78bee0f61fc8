import type { Report } from "./report.js";
import { type Cell, cellText, columnTitle, type Table } from "./table.js";

/** The report as Markdown (GitHub's). Its pictures lie in `figures/`. */
export function reportMarkdown({ title, summary, verdicts, rule, figures, tables, missing, document }: Report): string {
  const lines = [
    `# ${escaped(title)}`,
    "",
    ...summary.flatMap((line) => [escaped(line), ""]),
    ...verdicts.flatMap(({ claim, seen, because }) => [
      `**${capital(seen)}**: ${escaped(claim)}.`,
      escaped(because),
      "",
    ]),
    `Rule: ${escaped(rule)}`,
    "",
    ...figures.flatMap(({ id, title: name, about }) => [
      `## ${escaped(name)}`,
      "",
      `![${escaped(name)}](figures/${id}.svg)`,
      "",
      escaped(about),
      "",
    ]),
    ...tables.flatMap(tableLines),
    ...(missing.length > 0 ? ["## Not in this study", ""] : []),
    ...missing.map(({ title: name, needs }) => `- ${escaped(name)}: it needs ${escaped(needs)}.`),
    ...(missing.length > 0 ? [""] : []),
    "## The study's document",
    "",
    "```json",
    document,
    "```",
    "",
  ];
  return lines.join("\n");
}

function tableLines(table: Table): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const { id, title, about, columns, rows, notes } = table;
  return [
    `## ${escaped(title)}`,
    "",
    escaped(about),
    "",
    row(columns.map((column) => escaped(columnTitle(column)))),
    row(columns.map((_, at) => (isNumeric(rows, at) ? "---:" : "---"))),
    ...rows.map((cells) => row(columns.map((column, at) => escaped(cellText(cells[at] ?? null, column))))),
    "",
    ...notes.flatMap((note) => [escaped(note), ""]),
    `[${id}.csv](${id}.csv)`,
    "",
  ];
}

function isNumeric(rows: readonly (readonly Cell[])[], at: number): boolean {
  return rows.some((cells) => typeof cells[at] === "number");
}

/** "seen" as the beginning of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text that stays text in Markdown: names are the user's. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|&#~]/g, (mark) => `\\${mark}`);
}
