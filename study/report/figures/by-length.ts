import { drawLines, type LinePanel, type Point } from "../../../pictures/index.js";
import type { StudyDataset } from "../../run-result.js";
import { scoreOf } from "../score.js";
import { type Figure, missing, type Part } from "../table.js";
import { rowsThatDiffer } from "../tables/batches.js";
import { LENGTHS_TITLE } from "../tables/lengths.js";
import { mainRows } from "../tables/main-rows.js";
import { comparisonWithBaseline, type ScoreRow } from "../tables/score-rows.js";
import { runsOf, type View } from "../view.js";
import { figureId } from "./figure-id.js";
import { methodColour } from "./method-colours.js";
import { rowSeries } from "./row-series.js";

const STRATEGIES_TITLE = "Figure A.6: batch strategies by training length";

/** Convergence: Dice of every method by training length. */
export function lengthFigures(view: View): Part<Figure>[] {
  if (view.lengths.length < 2) return []; // what is missing is said of its table
  return view.datasets.map((dataset, place) => {
    const rows = view.lengths.flatMap((length) => mainRows(view, view.methods, length));
    const nameOf = ({ arm }: ScoreRow) => arm.method;
    const panels = panelsByLength(view, dataset, rows, nameOf, (method) => methodColour(view, method));
    return { shown: figure(view, `${LENGTHS_TITLE}: ${dataset.name}`, figureId("figure-3", place), panels) };
  });
}

/** The same of batch strategies, with constant patches beside them. */
export function strategyFigures(view: View): Part<Figure>[] {
  const rows = view.lengths.flatMap((length) => rowsThatDiffer(view, "strategy", length));
  const figures = view.datasets.flatMap((dataset, place) => {
    const nameOf = ({ arm }: ScoreRow) => `${arm.method}, ${arm.strategy}`;
    const panels = panelsByLength(view, dataset, rows, nameOf);
    if (!panels.some(({ series }) => series.some(({ points }) => points.length > 1))) return [];
    const title = `${STRATEGIES_TITLE}: ${dataset.name}`;
    return [{ shown: figure(view, title, figureId("figure-a6", place), panels) }];
  });
  return figures.length > 0
    ? figures
    : [missing(STRATEGIES_TITLE, "a method with two batch strategies at two training lengths")];
}

/** Dice, and Dice in percent of constant's: a series for each name, over the lengths at which there are rows. */
function panelsByLength(
  view: View,
  dataset: StudyDataset,
  rows: readonly ScoreRow[],
  nameOf: (row: ScoreRow) => string,
  colourOf?: (name: string) => number,
): LinePanel[] {
  const own = rows.filter((row) => row.dataset === dataset);
  const panel = (y: string, pointOf: (row: ScoreRow) => Point) => ({
    y,
    series: rowSeries(own, { nameOf, pointOf, colourOf }),
  });
  return [
    panel("Dice, %", ({ arm, length }) => {
      const { dice, deviation } = scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm }));
      return { x: length, y: 100 * dice, spread: 100 * deviation };
    }),
    panel("Dice, % of constant's", (row) => ({
      x: row.length,
      y: comparisonWithBaseline(view, row)?.dicePercent ?? Number.NaN,
    })),
  ];
}

function figure(view: View, title: string, id: string, panels: readonly LinePanel[]): Figure {
  const x = "training length, % of the full one";
  return {
    id,
    title,
    about: `Dice of held-out cases over training length (fewer steps an epoch, the same epochs); bars are one population deviation over folds. ${view.networks[0]}; n is in the table of Figure 3 and in Table A.4.`,
    svg: drawLines({ title, x, panels }),
  };
}
