import type { Point, Series } from "../../../pictures/index.js";
import type { ScoreRow } from "../tables/score-rows.js";

/** How rows become lines. */
export interface RowLines {
  /** Rows of one name are one line. */
  readonly nameOf: (row: ScoreRow) => string;
  readonly pointOf: (row: ScoreRow) => Point;
  /** Default: the place among the names. */
  readonly colourOf?: ((name: string) => number) | undefined;
}

/** A line with dots for each name, in the order of the rows. */
export function rowSeries(rows: readonly ScoreRow[], { nameOf, pointOf, colourOf }: RowLines): Series[] {
  const names = [...new Set(rows.map(nameOf))];
  return names.map((name, place) => ({
    name,
    form: "dots",
    colour: colourOf?.(name) ?? place,
    points: rows.filter((row) => nameOf(row) === name).map(pointOf),
  }));
}
