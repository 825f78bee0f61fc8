import pearsonTest from "@stdlib/stats-pcorrtest";
import ranks from "@stdlib/stats-ranks";

export interface RankCorrelation {
  readonly n: number;
  readonly rho: number;
  /** Two-sided, by Student's t with n - 2 degrees of freedom, as SciPy's `spearmanr`. */
  readonly p: number;
}

/** Fewest pairs for which a correlation is tested. */
export const FEWEST_PAIRS = 4;

/** Spearman's rank correlation of pairs; undefined for fewer than four, and where all values of one side are equal. */
export function rankCorrelation(pairs: readonly (readonly [x: number, y: number])[]): RankCorrelation | undefined {
  const [x, y] = [ranks(pairs.map(([of]) => of)), ranks(pairs.map(([, of]) => of))];
  if (pairs.length < FEWEST_PAIRS || isConstant(x) || isConstant(y)) return undefined;
  const { pcorr: rho, pValue } = pearsonTest(x, y);
  // For ranks in the same or in opposite order, rounding may leave rho above 1, and t without a value.
  if (Math.abs(rho) > 1 - 1e-12) return { n: pairs.length, rho: Math.sign(rho), p: 0 };
  return { n: pairs.length, rho, p: pValue };
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
