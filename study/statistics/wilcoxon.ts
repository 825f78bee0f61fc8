import ranks from "@stdlib/stats-ranks";
import wilcoxon from "@stdlib/stats-wilcoxon";

export interface SignedRankTest {
  /** Pairs that differ. */
  readonly n: number;
  /** Pairs that do not differ: left out, as SciPy's `zero_method="wilcox"`. */
  readonly zeros: number;
  /** Two-sided. 1 where no pair differs. */
  readonly p: number;
  readonly exact: boolean;
}

/** Up to here p is exact; it takes n^3 additions, some 0.1 s at this n. */
const EXACT_UP_TO = 200;

/**
 * Wilcoxon's signed-rank test of paired `differences`, two-sided. Exact up to 200 differing pairs, also where differences are tied or zero:
 * the distribution is that of all signs of the ranks (ties share their mean rank). `@stdlib/stats-wilcoxon` takes a normal
 * approximation as soon as there is one tie or zero, so it is asked for more pairs only.
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const differing = differences.filter((difference) => difference !== 0);
  const n = differing.length;
  const zeros = differences.length - n;
  if (n === 0) return { n, zeros, p: 1, exact: true };
  if (n > EXACT_UP_TO) return { n, zeros, p: wilcoxon(differing, { correction: false }).pValue, exact: false };
  // Mean ranks of ties are halves: doubled, all are integers.
  const doubled = ranks(differing.map(Math.abs)).map((rank) => Math.round(2 * rank));
  const positive = doubled.reduce((sum, rank, i) => sum + ((differing[i] ?? 0) > 0 ? rank : 0), 0);
  const chances = chancesOfSums(doubled);
  const below = sum(chances.subarray(0, positive + 1));
  const above = sum(chances.subarray(positive));
  return { n, zeros, p: Math.min(1, 2 * Math.min(below, above)), exact: true };
}

/** How likely each sum of `terms` is when every term counts with chance one half: entry s is the chance of sum s. */
function chancesOfSums(terms: readonly number[]): Float64Array {
  const chances = new Float64Array(terms.reduce((total, term) => total + term, 1));
  chances[0] = 1;
  let highest = 0;
  for (const term of terms) {
    highest += term;
    for (let s = highest; s >= 0; s--) chances[s] = ((chances[s] ?? 0) + (chances[s - term] ?? 0)) / 2;
  }
  return chances;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
