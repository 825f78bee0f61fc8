import type { MeanScores } from "../../predict/index.js";
import { alignColumns } from "../columns.js";

/** Means of each class, aligned, and the mean over the classes. */
export function scoreTable(
  means: readonly MeanScores[],
  { cases, toleranceMm }: { readonly cases: number; readonly toleranceMm: number | undefined },
): string {
  const number = (value: number | undefined, digits: number) =>
    value === undefined || Number.isNaN(value) ? "-" : value.toFixed(digits);
  const head = ["class", "cases", "Dice", "IoU"];
  const surface = toleranceMm === undefined ? [] : ["HD95 mm", `surface Dice ${toleranceMm} mm`];
  const rows = means.map((one) => [
    one.name,
    String(one.cases),
    number(one.dice, 4),
    number(one.iou, 4),
    ...(toleranceMm === undefined ? [] : [number(one.hausdorff95Mm, 2), number(one.surfaceDice, 4)]),
  ]);
  const meanOf = (of: (one: MeanScores) => number | undefined, digits: number) =>
    number(means.reduce((sum, one) => sum + (of(one) ?? Number.NaN), 0) / means.length, digits);
  const last = [
    "mean",
    String(cases),
    meanOf(({ dice }) => dice, 4),
    meanOf(({ iou }) => iou, 4),
    ...(toleranceMm === undefined
      ? []
      : [meanOf(({ hausdorff95Mm }) => hausdorff95Mm, 2), meanOf(({ surfaceDice }) => surfaceDice, 4)]),
  ];
  return alignColumns([[...head, ...surface], ...rows, last], [0]);
}
