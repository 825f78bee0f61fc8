import { mean } from "./moments.js";

/** Percent of the reference's Dice; 100 where both are 0, infinite where the reference alone is. */
export function relativeDice(dice: number, reference: number): number {
  if (dice === reference) return 100;
  return (100 * dice) / reference;
}

/** The paper's normalised average: the mean over data sets of Dice in percent of the reference's. Pairs are [Dice, reference]. */
export function normalisedAverage(pairs: readonly (readonly [dice: number, reference: number])[]): number {
  return mean(pairs.map(([dice, reference]) => relativeDice(dice, reference)));
}
