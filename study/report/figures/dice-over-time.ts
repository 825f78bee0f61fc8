import { drawLines, type LinePanel, type Series } from "../../../pictures/index.js";
import type { StudyDataset } from "../../run-result.js";
import { mean } from "../../statistics/moments.js";
import { scoreOf } from "../score.js";
import type { Figure, Part } from "../table.js";
import { mainRows } from "../tables/main-rows.js";
import { runsOf, type View } from "../view.js";
import { figureId } from "./figure-id.js";
import { methodColour } from "./method-colours.js";
import { rowSeries } from "./row-series.js";

const TITLE = "Dice of held-out cases over training time";
/** What the second panel shows, in percent of the best. */
const NEAR_THE_BEST = 85;

/** What a method reaches with which training time: a picture for each data set, a point for each training length. */
export function diceOverTime(view: View): Part<Figure>[] {
  if (view.lengths.length < 2) return []; // what is missing is said of the table of lengths
  return view.datasets.map((dataset, place) => {
    const title = `${TITLE}: ${dataset.name}`;
    const all = methodSeries(view, dataset);
    const least = (NEAR_THE_BEST / 100) * Math.max(...all.flatMap(({ points }) => points.map(({ y }) => y)));
    const near = all.map((series) => ({ ...series, points: series.points.filter(({ y }) => y >= least) }));
    const panels: LinePanel[] = [
      { y: "Dice, %", series: all },
      { y: `the same, from ${NEAR_THE_BEST} % of the best`, series: near },
    ];
    const about = `Each point is one training length (${view.lengths.join(", ")} % of the full one, from left to right): mean over runs of the time in steps and waiting, without validation; bars are one population deviation over folds. Each training has its own learning rate schedule and goes through all its stages. ${view.networks[0]}; n as in the table of Figure 3.`;
    return {
      shown: {
        id: figureId("dice-over-time", place),
        title,
        about,
        svg: drawLines({ title, x: "minutes of training", panels }),
      },
    };
  });
}

function methodSeries(view: View, dataset: StudyDataset): Series[] {
  const rows = view.lengths.flatMap((length) => mainRows(view, view.methods, length));
  const own = rows.filter((row) => row.dataset === dataset);
  return rowSeries(own, {
    nameOf: ({ arm }) => arm.method,
    pointOf({ arm, length }) {
      const runs = runsOf(view, { dataset: dataset.name, length, ...arm });
      const { dice, deviation } = scoreOf(runs);
      const minutes = mean(runs.map(({ trainingSeconds }) => trainingSeconds)) / 60;
      return { x: minutes, y: 100 * dice, spread: 100 * deviation };
    },
    colourOf: (method) => methodColour(view, method),
  });
}
