import { drawLines, type Point } from "../../../pictures/index.js";
import type { RunResult, StudyEpoch } from "../../run-result.js";
import { mean } from "../../statistics/moments.js";
import { type Figure, missing, type Part } from "../table.js";
import { mainRows } from "../tables/main-rows.js";
import { runsOf, type View } from "../view.js";
import { figureId } from "./figure-id.js";
import { methodColour } from "./method-colours.js";

const TITLE = "Dice over training time";

/** What each method reaches in which time, as validation during the training saw it: a picture for each data set. */
export function learningCurves(view: View): Part<Figure>[] {
  const figures = view.datasets.flatMap((dataset, place) => {
    const series = mainRows(view, view.methods)
      .filter((row) => row.dataset === dataset)
      .map(({ arm, length }) => {
        const runs = runsOf(view, { dataset: dataset.name, length, ...arm });
        return { name: arm.method, colour: methodColour(view, arm.method), points: meanCurve(runs), runs: runs.length };
      })
      .filter(({ points }) => points.length > 0);
    if (series.length === 0) return [];
    const title = `${TITLE}: ${dataset.name}`;
    const repeats = series.map(({ name, runs }) => `${name} ${runs}`).join(", ");
    const about = `Pseudo Dice of validation batches, mean over foreground classes and runs (n: ${repeats}), over minutes of training: steps and waiting, without validation. ${view.networks[0]}, length ${view.fullLength} %.`;
    const panels = [{ y: "pseudo Dice, %", series }];
    const svg = drawLines({ title, x: "minutes of training", panels });
    return [{ shown: { id: figureId("learning-curves", place), title, about, svg } }];
  });
  return figures.length > 0 ? figures : [missing(TITLE, "runs with validation while they train")];
}

/** Epoch by epoch the mean over runs, as far as all of them go. Runs that diverged are left out. */
function meanCurve(runs: readonly RunResult[]): Point[] {
  const curves = runs.filter(({ outcome }) => outcome === "finished").map(({ epochs }) => epochs.filter(isValidated));
  const shortest = Math.min(...curves.map((epochs) => epochs.length));
  if (curves.length === 0) return [];
  return Array.from({ length: shortest }, (_, at) => {
    const epochs = curves.flatMap((curve) => curve[at] ?? []);
    return {
      x: mean(epochs.map(({ seconds }) => seconds)) / 60,
      y: 100 * mean(epochs.map(({ pseudoDice }) => pseudoDice)),
    };
  });
}

function isValidated(epoch: StudyEpoch): epoch is StudyEpoch & { readonly pseudoDice: number } {
  return epoch.pseudoDice !== undefined;
}
