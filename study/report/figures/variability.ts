import { drawDots } from "../../../pictures/index.js";
import { winningShares } from "../../statistics/who-wins.js";
import type { Figure, Part } from "../table.js";
import { repeatsOf, VARIABILITY_TITLE } from "../tables/variability.js";
import type { View } from "../view.js";
import { figureId } from "./figure-id.js";
import { methodColour } from "./method-colours.js";

/** Repeats of one fold that differ in their seed: a picture for each data set. */
export function variabilityFigures(view: View): Part<Figure>[] {
  const repeats = repeatsOf(view); // where there are none, its table says what is missing
  return view.datasets.flatMap((dataset, place) => {
    const own = repeats.filter((one) => one.dataset === dataset);
    if (own.length === 0) return [];
    const title = `${VARIABILITY_TITLE}: ${dataset.name}`;
    const panels = own.map(({ length, fold, methods }) => {
      const shares = winningShares(methods.map(({ dicePercent }) => dicePercent));
      return {
        name: `length ${length} %, fold ${fold}`,
        rows: methods.map(({ method, dicePercent }, i) => ({
          name: `${method}, best in ${(100 * (shares[i] ?? 0)).toFixed(1)} %`,
          values: dicePercent,
          colour: methodColour(view, method),
        })),
      };
    });
    const about = `A dot is a run; bars are the mean and one population deviation over seeds. Best: in how many of all combinations of one run of each method it has the highest Dice. ${view.networks[0]}; n is in the table.`;
    const svg = drawDots({ title, x: "Dice, %", panels });
    return [{ shown: { id: figureId("figure-5", place), title, about, svg } }];
  });
}
