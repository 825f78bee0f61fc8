import type { LinePicture, Series } from "../../pictures/index.js";
import { sizeText } from "../columns.js";
import type { Comparison, Trained } from "./compare.js";
import type { CurvePoint } from "./training-curve.js";
import { verdictLines } from "./verdict.js";

/** Both curves over seconds of training, with Performance's stages behind them. */
export function comparisonPicture(comparison: Comparison): LinePicture {
  const { constant, performance } = comparison;
  const patch = (trained: Trained) => sizeText(trained.stages.at(-1)?.patchSize ?? []);
  const first = sizeText(performance.stages[0]?.patchSize ?? []);
  const both = (of: (point: CurvePoint) => number): Series[] =>
    [constant, performance].map(({ mode, points }) => ({
      name: mode,
      form: "dots",
      points: points.map((point) => ({ x: point.seconds, y: of(point) })),
    }));
  const [claim = ""] = verdictLines(comparison);
  return {
    title: `constant and performance after ${comparison.budgetSeconds} s of training each`,
    notes: [
      claim,
      `constant: ${constant.steps} steps at ${patch(constant)}; performance: ${performance.steps} steps from ${first} to ${patch(performance)}, its stages shaded.`,
    ],
    x: "seconds of training (steps and waiting, without validation)",
    spans: performance.stages.map(({ stage, fromSeconds, toSeconds }) => ({
      from: fromSeconds,
      to: toSeconds,
      name: `${stage}`,
    })),
    panels: [
      { y: "pseudo Dice on validation batches, 0 to 1", within: [0, 1], series: both(({ pseudoDice }) => pseudoDice) },
      { y: "loss on the same batches", series: both(({ validationLoss }) => validationLoss) },
    ],
  };
}
