/**
 * Percent of the reference's Dice; its mean over data sets is the paper's normalised average. NaN where the reference is 0: nothing was
 * learned that could be compared.
 */
export function relativeDice(dice: number, reference: number): number {
  return reference === 0 ? Number.NaN : (100 * dice) / reference;
}
