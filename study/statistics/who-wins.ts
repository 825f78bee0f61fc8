/**
 * How often each group has the highest value when one value is drawn of each: over all combinations, as the 125 triples of
 * the paper's Figure 5 (three methods, five repeats). A tie is shared evenly. Shares sum to 1, in the order of `groups`.
 */
export function winningShares(groups: readonly (readonly number[])[]): number[] {
  return groups.map((values, own) => {
    const others = groups.filter((_, index) => index !== own);
    const shares = values.map((value) => shareOfWins(value, others));
    return shares.reduce((sum, share) => sum + share, 0) / values.length;
  });
}

/** Chance that `value` is the highest beside one of each of `others`. */
function shareOfWins(value: number, others: readonly (readonly number[])[]): number {
  // ways[t]: chance that none is higher and t are equal
  let ways = [1];
  for (const values of others) {
    const lower = values.filter((other) => other < value).length / values.length;
    const equal = values.filter((other) => other === value).length / values.length;
    ways = Array.from({ length: ways.length + 1 }, (_, t) => (ways[t] ?? 0) * lower + (ways[t - 1] ?? 0) * equal);
  }
  return ways.reduce((sum, chance, ties) => sum + chance / (ties + 1), 0);
}
