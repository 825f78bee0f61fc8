import type { ExecutionContext } from "ava";

/** Smallest probability at which an observation is taken for chance. Draws are fixed, so a test passes always or never. */
const LEAST = 1e-4;

/** Checks that an event seen `count` times in `trials` may have `probability`: both exact binomial tails are likely enough. */
export function checkEvent(t: ExecutionContext, name: string, count: number, trials: number, probability: number) {
  const least = Math.min(
    binomialAtMost(count, trials, probability),
    1 - binomialAtMost(count - 1, trials, probability),
  );
  t.true(2 * least >= LEAST, `${name}: ${count} of ${trials}, expected ${probability * trials}`);
}

/**
 * Checks that values may come from a distribution: none has a `cdf` of below 0 or above 1, and the largest distance between
 * theirs and `cdf` is within the Dvoretzky-Kiefer-Wolfowitz bound, which holds for any number of values (Massart, 1990).
 */
export function checkDistribution(
  t: ExecutionContext,
  name: string,
  values: readonly number[],
  cdf: (x: number) => number,
) {
  const sorted = values.toSorted((a, b) => a - b);
  const distances = sorted.map((value, index) => {
    const expected = cdf(value);
    return Math.max(Math.abs(index / sorted.length - expected), Math.abs((index + 1) / sorted.length - expected));
  });
  const bound = Math.sqrt(Math.log(2 / LEAST) / (2 * sorted.length));
  t.true(
    sorted.every((value) => cdf(value) >= 0 && cdf(value) <= 1),
    `${name}: outside its range`,
  );
  t.true(Math.max(...distances) <= bound, `${name}: off by ${Math.max(...distances)}, bound ${bound}`);
}

/** The (unclamped, so that values outside show) distribution function of uniform values. */
export function uniform(low: number, high: number): (x: number) => number {
  return (x) => (x - low) / (high - low);
}

/** Half of the values uniform from `low` to 1, half from 1 to `high`. */
export function halfBelowOne(low: number, high: number): (x: number) => number {
  return (x) => (x < 1 ? (x - low) / (1 - low) / 2 : 0.5 + (x - 1) / (high - 1) / 2);
}

/** Probability of at most `count` of `trials` events. */
function binomialAtMost(count: number, trials: number, probability: number): number {
  let logTerm = trials * Math.log1p(-probability);
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(((trials - k) / (k + 1)) * (probability / (1 - probability)));
  }
  return Math.min(sum, 1);
}
