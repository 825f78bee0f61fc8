import type { LabelSet } from "../../plan/label-set.js";
import { diceOf, iouOf, type LabelCounts } from "./label-counts.js";
import type { SurfaceDistances } from "./surface-distances.js";

/** A class, or a region: what is compared. */
export interface ScoredClass {
  readonly name: string;
  /** Values of the files. */
  readonly values: readonly number[];
}

/** Scores of one class in one case; NaN where neither label has the class. */
export interface ClassScore extends LabelCounts, Partial<SurfaceDistances> {
  readonly dice: number;
  readonly iou: number;
}

/** A case that was held against its reference. */
export interface ScoredCase {
  readonly id: string;
  readonly prediction: string;
  readonly reference: string;
  /** In the order of the classes. */
  readonly scores: readonly ClassScore[];
}

/** The foreground classes of a data set, or its regions, in the order of its `classes`. */
export function scoredClasses({ regions, classes, labels, sourceValues }: LabelSet): ScoredClass[] {
  const source = (value: number) => sourceValues[value] ?? value;
  if (regions !== undefined) return regions.map(({ name, values }) => ({ name, values: values.map(source) }));
  const names = new Map(Object.entries(labels).map(([name, value]) => [value, name]));
  return classes.map((value) => ({ name: names.get(value) ?? String(source(value)), values: [source(value)] }));
}

/** The scores that follow from counts alone. */
export function scoreOf({ truePositive, falsePositive, falseNegative, trueNegative }: LabelCounts): ClassScore {
  const counts = { truePositive, falsePositive, falseNegative, trueNegative };
  return { ...counts, dice: diceOf(counts), iou: iouOf(counts) };
}
