import type { LinePicture, Point } from "../../pictures/index.js";
import type { StageStatistics } from "./stats-summary.js";

/** What each stage shows the network, in percent: means over its counted batches, and the deviation of single ones. */
export function statsPicture(dataset: string, rows: readonly StageStatistics[]): LinePicture {
  const counted = rows.reduce((sum, row) => sum + row.counted, 0);
  const over = (of: (row: StageStatistics) => Omit<Point, "x">) => rows.map((row) => ({ x: row.stage, ...of(row) }));
  return {
    title: `${dataset}: what the batches of each stage show`,
    notes: [`${counted} batches counted; dots are means of a stage, bars go from its 5th to its 95th percentile.`],
    x: "stage",
    panels: [
      {
        y: "foreground, % of a batch's voxels",
        within: [0],
        series: [{ form: "dots", points: over(({ foregroundShare }) => percent(foregroundShare)) }],
      },
      {
        y: "classes seen, % of all foreground classes",
        within: [0, 100],
        series: [{ form: "dots", colour: 1, points: over(({ classesSeen }) => percent(classesSeen)) }],
      },
      {
        y: "patch, % of the final patch's voxels",
        within: [0, 100],
        series: [{ form: "dots", colour: 2, points: over(({ patchSizeRatio }) => ({ y: 100 * patchSizeRatio })) }],
      },
    ],
  };
}

function percent({ mean, p5, p95 }: StageStatistics["foregroundShare"]): Omit<Point, "x"> {
  return { y: 100 * mean, from: 100 * p5, to: 100 * p95 };
}
