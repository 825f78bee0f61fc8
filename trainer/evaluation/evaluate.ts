import { performance } from "node:perf_hooks";
import type { CaseEvaluated, ClassDice, Evaluated } from "../../proto/messages.js";
import { labelOnOriginalGrid } from "../inference/export-label.js";
import type { Maps } from "../inference/sliding-window.js";
import { diceOfCase, summarizeDice } from "./dice.js";
import type { StoredCase } from "./stored-case.js";

/** A foreground class: its name and label value. */
export interface LabelClass {
  readonly name: string;
  readonly value: number;
}

/** Names of the foreground label values `classes`. */
export function foregroundClasses(labels: Readonly<Record<string, number>>, classes: readonly number[]): LabelClass[] {
  const names = new Map(Object.entries(labels).map(([name, value]) => [value, name]));
  return classes.map((value) => ({ value, name: names.get(value) ?? String(value) }));
}

function named(classes: readonly LabelClass[], dice: readonly (number | undefined)[]): ClassDice[] {
  return classes.map(({ name, value }, i) => {
    const one = dice[i];
    return { class: value, name, ...(one !== undefined && { dice: one }) };
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
