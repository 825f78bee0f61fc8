import { performance } from "node:perf_hooks";
import type { LabelSet } from "../../plan/label-set.js";
import type { CaseEvaluated, ClassDice, Evaluated } from "../../proto/messages.js";
import { labelOnOriginalGrid } from "../inference/export-label.js";
import type { Maps } from "../inference/sliding-window.js";
import { diceOfCase, summarizeDice } from "./dice.js";
import type { StoredCase } from "./stored-case.js";

/** A foreground class: its name, the network's output, and what the source's files call it. */
export interface LabelClass {
  readonly name: string;
  readonly value: number;
  readonly sourceValue: number;
}

/** The foreground classes of a data set without regions. */
export function foregroundClasses({ labels, classes, sourceValues }: LabelSet): LabelClass[] {
  const names = new Map(Object.entries(labels).map(([name, value]) => [value, name]));
  return classes.map((value) => {
    const sourceValue = sourceValues[value] ?? value;
    return { value, sourceValue, name: names.get(value) ?? String(sourceValue) };
  });
}

function named(classes: readonly LabelClass[], dice: readonly (number | undefined)[]): ClassDice[] {
  return classes.map(({ name, sourceValue }, i) => {
    const one = dice[i];
    return { class: sourceValue, name, ...(one !== undefined && { dice: one }) };
  });
}

/**
 * Dice of each case on its original grid, told one by one, and their means. `predict` makes logits (K,Z,Y,X) of a stored
 * image.
 */
export async function evaluateCases(
  cases: readonly StoredCase[],
  classes: readonly LabelClass[],
  predict: (image: Maps) => Promise<Maps>,
  tell: (evaluated: CaseEvaluated) => void,
): Promise<Evaluated> {
  const values = classes.map(({ value }) => value);
  const all: (number | undefined)[][] = [];
  for (const one of cases) {
    const began = performance.now();
    const logits = await predict(await one.readImage());
    const dice = diceOfCase(labelOnOriginalGrid(logits, one.geometry), await one.readReference(), values);
    all.push(dice);
    tell({ case: one.id, classes: named(classes, dice), seconds: (performance.now() - began) / 1000 });
  }
  const { perClass, mean } = summarizeDice(all, classes.length);
  return { cases: cases.length, classes: named(classes, perClass), ...(mean !== undefined && { meanDice: mean }) };
}
