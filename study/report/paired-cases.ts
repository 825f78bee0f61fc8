import type { RunResult } from "../run-result.js";
import { mean } from "../statistics/moments.js";
import { pairsOf } from "./score.js";

/**
 * Difference in Dice of each held-out case between runs of two arms, in the order of the cases' names: the mean over the pairs of runs of
 * the same fold and seed that held it out. A case's Dice is the mean over classes that both runs have a Dice for; where one run diverged,
 * its Dice is 0. Pairs that both diverged say nothing.
 */
export function caseDifferences(runs: readonly RunResult[], references: readonly RunResult[]): number[] {
  const differences = new Map<string, number[]>();
  for (const [run, reference] of pairsOf(runs, references)) {
    const [own, theirs] = [casesOf(run), casesOf(reference)];
    for (const name of new Set([...own.keys(), ...theirs.keys()])) {
      const difference = meanDifference(own.get(name), theirs.get(name));
      if (difference !== undefined) differences.set(name, [...(differences.get(name) ?? []), difference]);
    }
  }
  return [...differences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, values]) => mean(values));
}

type ClassDice = readonly (number | null)[];

function casesOf({ cases }: RunResult): Map<string, ClassDice> {
  return new Map(cases.map(({ case: name, dice }) => [name, dice]));
}

/** Undefined where no class has a Dice on both sides. A side without the case is one that diverged. */
function meanDifference(own: ClassDice | undefined, theirs: ClassDice | undefined): number | undefined {
  const classes = Math.max(own?.length ?? 0, theirs?.length ?? 0);
  const differences = Array.from({ length: classes }, (_, i) => {
    const [left, right] = [own === undefined ? 0 : own[i], theirs === undefined ? 0 : theirs[i]];
    return typeof left === "number" && typeof right === "number" ? left - right : undefined;
  }).filter((difference) => difference !== undefined);
  return differences.length === 0 ? undefined : mean(differences);
}
