import { performance } from "node:perf_hooks";
import type { LabelSet } from "../../plan/label-set.js";
import type { CaseEvaluated, ClassDice, ClassVoxels, Evaluated } from "../../proto/messages.js";
import { labelOnOriginalGrid, labelReading } from "../inference/export-label.js";
import type { Maps } from "../inference/sliding-window.js";
import { inSourceValues } from "../inference/source-values.js";
import { countLabels } from "./label-counts.js";
import { summarizeDice } from "./mean-dice.js";
import { type ClassScore, type ScoredCase, scoredClasses, scoreOf } from "./scores.js";
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

/** What an evaluation is made with. */
export interface EvaluationOptions {
  /** Logits (K,Z,Y,X) of a stored image. */
  readonly predict: (image: Maps) => Promise<Maps>;
  /** Keeps the label of a case, in the values of the source's files, and says where. */
  readonly keep: (one: StoredCase, label: Uint8Array | Uint16Array) => string;
  /** Told of each case in turn, when its label is kept. */
  readonly tell: (evaluated: CaseEvaluated) => void;
}

/** All cases, and what came of each. */
export interface Evaluation {
  readonly evaluated: Omit<Evaluated, "checkpoint">;
  /** A reference is named by its data set and case: no file of it lies here. */
  readonly cases: readonly ScoredCase[];
}

/**
 * Labels each case on its original grid and holds it against its reference, one after the other. Voxels of the ignore label do not count.
 */
export async function evaluateCases(
  cases: readonly StoredCase[],
  dataset: LabelSet & { readonly name: string },
  { predict, keep, tell }: EvaluationOptions,
): Promise<Evaluation> {
  const { sourceValues, ignoreLabel } = dataset;
  const classes = foregroundClasses(dataset);
  const sets = scoredClasses(dataset).map(({ values }) => values);
  const ignored = ignoreLabel === undefined ? undefined : sourceValues[ignoreLabel];
  const reading = labelReading(dataset);
  const scored: ScoredCase[] = [];
  for (const one of cases) {
    const began = performance.now();
    const logits = await predict(await one.readImage());
    const label = inSourceValues(labelOnOriginalGrid(logits, one.geometry, reading), dataset);
    const reference = Uint16Array.from(await one.readReference(), (stored) => sourceValues[stored] ?? stored);
    const scores = countLabels(label, reference, sets, ignored).map(scoreOf);
    scored.push({ id: one.id, prediction: keep(one, label), reference: `${dataset.name}/${one.id}`, scores });
    const seconds = (performance.now() - began) / 1000;
    const voxels = scores.map((score, i) => voxelsOf(sets[i] as readonly number[], score));
    tell({ case: one.id, classes: named(classes, scores.map(definedDice)), seconds, voxels });
  }
  const { perClass, mean } = summarizeDice(
    scored.map(({ scores }) => scores.map(definedDice)),
    classes.length,
  );
  const means = { classes: named(classes, perClass), ...(mean !== undefined && { meanDice: mean }) };
  return { evaluated: { cases: cases.length, ...means }, cases: scored };
}

function voxelsOf(values: readonly number[], score: ClassScore): ClassVoxels {
  const { truePositive, falsePositive, falseNegative, trueNegative } = score;
  return { values, truePositive, falsePositive, falseNegative, trueNegative };
}

function definedDice({ dice }: ClassScore): number | undefined {
  return Number.isNaN(dice) ? undefined : dice;
}
