/** What a cell holds: text, a number, or nothing known. */
export type Cell = string | number | null;

export interface Column {
  readonly title: string;
  /** Of its numbers: "%", "s". */
  readonly unit?: string;
  /** Decimals that are shown; the CSV file has all. */
  readonly digits?: number;
  /** Its numbers are chances: one that is not zero is never shown as zero. */
  readonly isChance?: true;
}

/** A table of the report, whatever it is written as. */
export interface Table {
  /** Name of its CSV file, and its anchor: "table-1". */
  readonly id: string;
  readonly title: string;
  /** What its figures are, with n and how they were made; sentences. */
  readonly about: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Lines below it. */
  readonly notes: readonly string[];
}

/** A picture of the report. */
export interface Figure {
  /** Name of its SVG file, and its anchor: "figure-3-hippocampus". */
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly svg: string;
}

/** Something of the paper that this study has too few runs for. */
export interface Missing {
  readonly title: string;
  /** Completes "it needs ...". */
  readonly needs: string;
}

/** A part of the report: what it shows, or what it lacks for that. */
export type Part<Shown> = { readonly shown: Shown } | { readonly missing: Missing };

export function missing(title: string, needs: string): { readonly missing: Missing } {
  return { missing: { title, needs } };
}

/** A number as it is shown in its column, without unit. */
export function cellText(cell: Cell, { digits = 0, isChance }: Column): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  const least = 10 ** -digits;
  if (isChance && cell < least) return `< ${least.toFixed(digits)}`;
  return Number.isFinite(cell) ? cell.toFixed(digits) : "-";
}

export function columnTitle({ title, unit }: Column): string {
  return unit === undefined ? title : `${title}, ${unit}`;
}

/** The table without columns that have no value in any row. */
export function withoutEmptyColumns(table: Table): Table {
  const kept = table.columns.map((_, at) => table.rows.some((row) => (row[at] ?? null) !== null));
  return {
    ...table,
    columns: table.columns.filter((_, at) => kept[at]),
    rows: table.rows.map((row) => row.filter((_, at) => kept[at])),
  };
}
