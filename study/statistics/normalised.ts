import { mean } from "./moments.js";

/** Percent of the reference's Dice; NaN where that is 0: nothing was learned that could be compared. */
export function relativeDice(dice: number, reference: number): number {
  return reference === 0 ? Number.NaN : (100 * dice) / reference;
}

/** The paper's normalised average: the mean over data sets of Dice in percent of the reference's. Pairs are [Dice, reference]. */
export function normalisedAverage(pairs: readonly (readonly [dice: number, reference: number])[]): number {
  return mean(pairs.map(([dice, reference]) => relativeDice(dice, reference)));
}
