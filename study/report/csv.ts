import { type Cell, columnTitle, type Table } from "./table.js";

/** A table as CSV (RFC 4180, but lines end as on Unix), numbers with all their digits, what is not known empty. */
export function tableCsv({ columns, rows }: Table): string {
  const head = columns.map((column) => quoted(columnTitle(column)));
  return [head, ...rows.map((cells) => cells.map(cellOf))].map((cells) => `${cells.join(",")}\n`).join("");
}

function cellOf(cell: Cell): string {
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  return cell === null ? "" : quoted(cell);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
