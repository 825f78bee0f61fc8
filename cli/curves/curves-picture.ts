import type { LinePicture, Series } from "../../pictures/index.js";
import { voxelCount, type Zyx } from "../../plan/index.js";
import { sizeText } from "../columns.js";
import type { StepCurves, StepValue } from "./step-curves.js";

const points = (values: readonly StepValue[]) => values.map(({ step, value }) => ({ x: step, y: value }));

/** A curve of a few epochs has a mark at each: a line alone would hide how few they are. */
const MOST_MARKS = 60;

function epochs(name: string, values: readonly StepValue[], colour: number): Series {
  return { name, colour, points: points(values), ...(values.length <= MOST_MARKS && { form: "dots" as const }) };
}

/** Loss, pseudo Dice, learning rate and patch over the steps of a training, with its stages behind them. */
export function curvesPicture(training: string, curves: StepCurves): LinePicture {
  const { dataset, steps, stepsTaken, stages } = curves;
  const { loss, validationLoss, pseudoDice, smoothedPseudoDice, learningRate } = curves;
  const hasValidation = pseudoDice.length > 0;
  return {
    title: `${dataset || "training"}: step ${stepsTaken.toLocaleString("en-US")} of ${steps.toLocaleString("en-US")}`,
    notes: [`${training}; every second stage is shaded`],
    x: "step",
    spans: stages.map(({ stage, fromStep }, place) => ({
      from: fromStep,
      to: stages[place + 1]?.fromStep ?? stepsTaken,
      name: `${stage}`,
    })),
    panels: [
      {
        y: "loss",
        series: [
          { name: "training", points: points(loss) },
          ...(validationLoss.length > 0 ? [epochs("validation", validationLoss, 1)] : []),
        ],
      },
      ...(hasValidation
        ? [
            {
              y: "pseudo Dice on validation batches, 0 to 1",
              within: [0, 1],
              series: [epochs("epoch", pseudoDice, 2), epochs("moving average", smoothedPseudoDice, 3)],
            },
          ]
        : []),
      { y: "learning rate", within: [0], series: [{ colour: 4, points: points(learningRate) }] },
      {
        y: "patch, voxels",
        scale: "log",
        series: [
          {
            form: "steps",
            colour: 5,
            points: stages.map(({ fromStep, patchSize }) => ({
              x: fromStep,
              y: voxelCount(patchSize as Zyx),
              label: sizeText(patchSize),
            })),
          },
        ],
      },
    ],
  };
}
