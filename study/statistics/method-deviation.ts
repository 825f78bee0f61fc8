import { deviation, mean } from "./moments.js";

/** How far apart methods are, beside how far apart one method's repeats are. */
export interface MethodDeviation {
  /** Population deviation of the methods' means. */
  readonly inter: number;
  /** Mean of each method's own deviation over its folds. */
  readonly intra: number;
  /** `inter / intra`, a fraction: how well methods can be told apart. */
  readonly ratio: number;
}

/** Inter-method and intra-method deviation, as the paper's Table D.8. `means` and `deviations` have an entry for each method. */
export function methodDeviation(means: readonly number[], deviations: readonly number[]): MethodDeviation {
  const inter = deviation(means);
  const intra = mean(deviations);
  return { inter, intra, ratio: inter / intra };
}
