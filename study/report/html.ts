import { capital } from "./markdown.js";
import type { Report } from "./report.js";
import { STYLE } from "./style.js";
import { cellText, columnTitle, type Figure, type Table } from "./table.js";
import type { Verdict } from "./verdict.js";

/** The report as one file: no script, nothing from elsewhere, its pictures inside. */
export function reportHtml(report: Report): string {
  const { title, summary, verdicts, rule, figures, tables, missing, document } = report;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    "<main>",
    `<h1>${escaped(title)}</h1>`,
    ...summary.map((line) => `<p>${escaped(line)}</p>`),
    ...(verdicts.length > 0 ? ["<h2>Are the paper's claims seen?</h2>", ...verdicts.map(verdictHtml)] : []),
    `<p class="small">Rule: ${escaped(rule)}</p>`,
    contents([...figures.map(({ id, title: name }) => ({ id: `picture-${id}`, title: name })), ...tables]),
    ...figures.map(figureHtml),
    ...tables.map(tableHtml),
    ...(missing.length > 0 ? ["<h2>Not in this study</h2>", "<ul>"] : []),
    ...missing.map(({ title: name, needs }) => `<li>${escaped(name)}: it needs ${escaped(needs)}.</li>`),
    ...(missing.length > 0 ? ["</ul>"] : []),
    "<h2>The study's document</h2>",
    `<pre>${escaped(document)}</pre>`,
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function contents(parts: readonly { readonly id: string; readonly title: string }[]): string {
  const links = parts.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`);
  return `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>`;
}

function verdictHtml({ claim, seen, because }: Verdict): string {
  return `<p class="verdict ${seen.replace(" ", "-")}"><strong>${capital(seen)}.</strong> ${escaped(claim)}.<br>${escaped(because)}</p>`;
}

function figureHtml({ id, title, about, svg }: Figure): string {
  return [
    `<figure id="picture-${id}">`,
    `<div class="wide" role="region" tabindex="0" aria-label="${escaped(title)}">`,
    svg.trimEnd(),
    "</div>",
    `<figcaption>${escaped(about)}</figcaption>`,
    "</figure>",
  ].join("\n");
}

function tableHtml({ id, title, about, columns, rows, notes }: Table): string {
  const numeric = columns.map((_, at) => rows.some((cells) => typeof cells[at] === "number"));
  const attribute = (at: number) => (numeric[at] ? ' class="number"' : "");
  const head = columns.map((column, at) => `<th scope="col"${attribute(at)}>${escaped(columnTitle(column))}</th>`);
  const hasGroups = new Set(rows.map(([first]) => first)).size < rows.length;
  const body = rows.map((cells, row) => {
    const shown = columns.map((column, at) => {
      const text = escaped(cellText(cells[at] ?? null, column));
      return at === 0 ? `<th scope="row">${text}</th>` : `<td${attribute(at)}>${text}</td>`;
    });
    const isNew = hasGroups && row > 0 && rows[row - 1]?.[0] !== cells[0];
    return `<tr${isNew ? ' class="next"' : ""}>${shown.join("")}</tr>`;
  });
  return [
    `<section id="${id}">`,
    `<h2>${escaped(title)}</h2>`,
    `<p class="small">${escaped(about)}</p>`,
    `<div class="wide" role="region" tabindex="0" aria-label="${escaped(title)}">`,
    `<table><thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody></table>`,
    "</div>",
    ...notes.map((note) => `<p class="small">${escaped(note)}</p>`),
    "</section>",
  ].join("\n");
}

/** Names of data sets, methods and cases are the user's: they stay text. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
