import { alignColumns, sizeText } from "../columns.js";
import type { Spread, StageStatistics } from "./stats-summary.js";

/** The table that `patchstream stats` prints: at most 100 columns. */
export function statsTable(rows: readonly StageStatistics[]): string {
  const header = ["stage", "patch", "batch", "counted", "foreground", "p5-p95", "classes seen", "p5-p95", "size ratio"];
  const cells = rows.map((row) => [
    `${row.stage}`,
    sizeText(row.patchSize),
    `${row.batchSize}`,
    `${row.counted}`,
    ...spreadCells(row.foregroundShare),
    ...spreadCells(row.classesSeen),
    percent(row.patchSizeRatio),
  ]);
  return `${alignColumns([header, ...cells], [])}\nMeans over the counted batches: of a batch's voxels, of all foreground classes, of the final patch.\n`;
}

function spreadCells({ mean, p5, p95 }: Spread): string[] {
  return [percent(mean), `${decimals(p5)}-${decimals(p95)}`];
}

function percent(share: number): string {
  return `${decimals(share)} %`;
}

function decimals(share: number): string {
  return (100 * share).toFixed(1);
}
