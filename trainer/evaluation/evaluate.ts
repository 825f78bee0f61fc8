import { performance } from "node:perf_hooks";
import type { LabelSet } from "../../plan/label-set.js";
import type { CaseEvaluated, ClassDice, Evaluated } from "../../proto/messages.js";
import { labelOnOriginalGrid, labelReading } from "../inference/export-label.js";
import type { Maps } from "../inference/sliding-window.js";
import { diceOfCase, summarizeDice } from "./dice.js";
import type { StoredCase } from "./stored-case.js";

/** A foreground class or a region: its name, its stored values, and what the source's files call a predicted voxel of it. */
export interface LabelClass {
  readonly name: string;
  readonly values: readonly number[];
  readonly sourceValue: number;
}

/** The foreground classes of a data set, or its regions, in the order of its `classes`. */
export function foregroundClasses({ labels, classes, sourceValues, regions }: LabelSet): LabelClass[] {
  if (regions) return regions.map(({ name, values, exportValue }) => ({ name, values, sourceValue: exportValue }));
  const names = new Map(Object.entries(labels).map(([name, value]) => [value, name]));
  return classes.map((value) => {
    const sourceValue = sourceValues[value] ?? value;
    return { values: [value], sourceValue, name: names.get(value) ?? String(sourceValue) };
  });
}

/** `dice` of each class, by the name of its class. */
export function named(classes: readonly LabelClass[], dice: readonly (number | undefined)[]): ClassDice[] {
  return classes.map(({ name, sourceValue }, i) => {
    const one = dice[i];
    return { class: sourceValue, name, ...(one !== undefined && { dice: one }) };
  });
}

/**
 * Dice of each class or region of each case on its original grid, told one by one, and their means. Voxels of the ignore label do not count.
 * `predict` makes logits (K,Z,Y,X) of a stored image.
 */
export async function evaluateCases(
  cases: readonly StoredCase[],
  labelSet: LabelSet,
  predict: (image: Maps) => Promise<Maps>,
  tell: (evaluated: CaseEvaluated) => void,
): Promise<Omit<Evaluated, "checkpoint">> {
  const classes = foregroundClasses(labelSet);
  const sets = classes.map(({ values }) => values);
  const reading = labelReading(labelSet);
  const all: (number | undefined)[][] = [];
  for (const one of cases) {
    const began = performance.now();
    const logits = await predict(await one.readImage());
    const predicted = labelOnOriginalGrid(logits, one.geometry, reading);
    const dice = diceOfCase(predicted, await one.readReference(), sets, labelSet.ignoreLabel);
    all.push(dice);
    tell({ case: one.id, classes: named(classes, dice), seconds: (performance.now() - began) / 1000 });
  }
  const { perClass, mean } = summarizeDice(all, classes.length);
  return { cases: cases.length, classes: named(classes, perClass), ...(mean !== undefined && { meanDice: mean }) };
}
