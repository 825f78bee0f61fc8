import { drawLines, type Point } from "../../../pictures/index.js";
import { voxelCount } from "../../../plan/index.js";
import type { RunResult, StudyStage } from "../../run-result.js";
import { mean } from "../../statistics/moments.js";
import { type Figure, missing, type Part } from "../table.js";
import { mainRows } from "../tables/main-rows.js";
import { runsOf, type View } from "../view.js";
import { figureId } from "./figure-id.js";
import { methodColour } from "./method-colours.js";

const TITLE = "Figure 4: what the batches hold";

interface Quantity {
  readonly y: string;
  readonly scale: "linear" | "log";
  /** NaN where the trainer does not tell. */
  readonly of: (stage: StudyStage) => number;
}

/** The panels, from top to bottom. */
const QUANTITIES: readonly Quantity[] = [
  {
    y: "foreground, % of voxels",
    scale: "linear",
    of: ({ foregroundShare = Number.NaN }) => 100 * foregroundShare,
  },
  {
    y: "foreground classes in a batch",
    scale: "linear",
    of: ({ classesPerStep = Number.NaN }) => classesPerStep,
  },
  { y: "tensor size, voxels", scale: "log", of: ({ batchSize, patchSize }) => batchSize * voxelCount(patchSize) },
];

/** Foreground share, classes in a batch and tensor size over the training: a picture for each data set. */
export function stageFigures(view: View): Part<Figure>[] {
  const figures = view.datasets.flatMap((dataset, place) => {
    const methods = mainRows(view, view.methods)
      .filter((row) => row.dataset === dataset)
      .map(({ arm, length }) => ({
        name: arm.method,
        runs: runsOf(view, { dataset: dataset.name, length, ...arm }).filter(({ outcome }) => outcome === "finished"),
      }))
      .filter(({ runs }) => runs.some(({ stages }) => stages.length > 0));
    if (methods.length === 0) return [];
    const title = `${TITLE}: ${dataset.name}`;
    const panels = QUANTITIES.map(({ y, scale, of }) => ({
      y,
      scale,
      within: scale === "linear" ? [0] : [],
      series: methods.map(({ name, runs }) => ({
        name,
        form: "steps" as const,
        colour: methodColour(view, name),
        points: name === "rpss" ? wholeTraining(runs, of) : overTraining(runs, of),
      })),
    }));
    const n = methods.map(({ name, runs }) => `${name} ${runs.length}`).join(", ");
    const drawn = methods.some(({ name }) => name === "rpss")
      ? " Of rpss, whose stages are drawn at random, the mean over all steps."
      : "";
    const about = `Stage by stage, mean over runs (n: ${n}). ${view.networks[0]}, length ${view.fullLength} %.${drawn}`;
    const svg = drawLines({ title, x: "training, % of its steps", panels });
    return [{ shown: { id: figureId("figure-4", place), title, about, svg } }];
  });
  return figures.length > 0 ? figures : [missing(TITLE, "runs that ended without diverging")];
}

/** A step for each stage, to the end of the training, the mean over the runs: all runs of an arm have the same stages. */
function overTraining(runs: readonly RunResult[], of: (stage: StudyStage) => number): Point[] {
  const stages = runs[0]?.stages ?? [];
  const total = stages.reduce((sum, { steps }) => sum + steps, 0);
  let taken = 0;
  const starts = stages.map(({ steps }, at) => {
    const point = {
      x: (100 * taken) / total,
      y: mean(runs.flatMap((run) => run.stages[at] ?? []).map(of)),
    };
    taken += steps;
    return point;
  });
  const last = starts.at(-1);
  return last === undefined ? [] : [...starts, { x: 100, y: last.y }];
}

/** One level from the first step to the last. */
function wholeTraining(runs: readonly RunResult[], of: (stage: StudyStage) => number): Point[] {
  const stages = runs.flatMap((run) => run.stages);
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  const y = stages.reduce((sum, stage) => sum + (stage.steps / steps) * of(stage), 0);
  return [0, 100].map((x) => ({ x, y }));
}
