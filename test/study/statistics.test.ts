import { readFileSync } from "node:fs";
import wilcoxon from "@stdlib/stats-wilcoxon";
import test from "ava";
import fc from "fast-check";
import { median } from "../../study/statistics/moments.js";
import { rankCorrelation } from "../../study/statistics/spearman.js";
import { winningShares } from "../../study/statistics/who-wins.js";
import { signedRankTest } from "../../study/statistics/wilcoxon.js";

/** SciPy's, written by statistics.py. */
const golden: {
  readonly scipy: string;
  readonly signedRanks: readonly { readonly differences: readonly number[]; readonly p: number }[];
  readonly manyPairs: readonly { readonly differences: readonly number[]; readonly p: number }[];
  readonly correlations: readonly {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly rho: number;
    readonly p: number;
  }[];
} = JSON.parse(readFileSync(new URL("../../../test/golden/statistics.json", import.meta.url), "utf8"));

/** Sums of at most 2^14 chances that are exact in binary; SciPy's are quotients of counts. */
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-12 + 1e-9 * Math.abs(b);

test("the signed-rank test is SciPy's exact one, also with ties and zeros", (t) => {
  t.true(golden.signedRanks.length > 20);
  for (const { differences, p } of golden.signedRanks) {
    const found = signedRankTest(differences);
    t.true(found.exact);
    t.true(close(found.p, p), `${JSON.stringify(differences)}: ${found.p}, SciPy ${golden.scipy}: ${p}`);
  }
});

test("beyond 200 pairs the signed-rank test is SciPy's normal approximation", (t) => {
  for (const { differences, p } of golden.manyPairs) {
    const found = signedRankTest(differences);
    t.is(found.exact, found.n <= 200);
    // The exact test of the set that keeps fewer than 200 pairs differs from the approximation by a few percent.
    t.true(
      found.exact ? Math.abs(found.p - p) < 0.05 * p + 1e-6 : close(found.p, p),
      `${found.p}, SciPy ${golden.scipy}: ${p}`,
    );
  }
});

test("without ties and zeros the exact p is that of @stdlib/stats-wilcoxon", (t) => {
  const values = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 30 });
  const signed = values.chain((sizes) =>
    fc
      .array(fc.boolean(), { minLength: sizes.length, maxLength: sizes.length })
      .map((signs) => sizes.map((size, i) => (signs[i] ? size : -size))),
  );
  fc.assert(
    fc.property(signed, (differences) =>
      close(signedRankTest(differences).p, Math.min(1, wilcoxon(differences).pValue)),
    ),
  );
  t.pass();
});

test("a signed-rank test does not depend on which side is which, on order, or on pairs without a difference", (t) => {
  const differences = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(differences, (values) => {
      const { n, zeros, p } = signedRankTest(values);
      const other = signedRankTest([0, ...values.map((value) => -value).reverse()]);
      return (
        n + zeros === values.length &&
        other.n === n &&
        other.zeros === zeros + 1 &&
        close(other.p, p) &&
        p > 0 &&
        p <= 1
      );
    }),
  );
  t.is(signedRankTest([]).p, 1);
  t.is(signedRankTest([0, 0]).p, 1);
});

test("Spearman's correlation is SciPy's, also with ties", (t) => {
  t.true(golden.correlations.length > 8);
  for (const { x, y, rho, p } of golden.correlations) {
    const found = rankCorrelation(x.map((value, i) => [value, y[i] as number]));
    t.is(found?.n, x.length);
    t.true(
      Math.abs((found?.rho ?? Number.NaN) - rho) < 1e-12 && Math.abs((found?.p ?? Number.NaN) - p) < 1e-9,
      `${JSON.stringify(found)}, SciPy ${golden.scipy}: ${rho}, ${p}`,
    );
  }
});

test("a correlation of too few pairs, or with a constant, is none; one in perfect order is certain", (t) => {
  t.is(
    rankCorrelation([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
    undefined,
  );
  t.is(
    rankCorrelation([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ]),
    undefined,
  );
  t.deepEqual(
    rankCorrelation([
      [1, 9],
      [2, 7],
      [3, 5],
      [4, 1],
    ]),
    { n: 4, rho: -1, p: 0 },
  );
});

test("who wins is counted over all combinations, and a tie is shared", (t) => {
  t.deepEqual(
    winningShares([
      [3, 4],
      [1, 2],
    ]),
    [1, 0],
  );
  t.deepEqual(
    winningShares([[1], [1], [1]]).map((share) => share.toFixed(6)),
    ["0.333333", "0.333333", "0.333333"],
  );
  const groups = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }), {
    minLength: 2,
    maxLength: 4,
  });
  fc.assert(
    fc.property(groups, (values) => {
      const counted = countWins(values);
      return winningShares(values).every((share, i) => close(share, counted[i] ?? 0));
    }),
  );
});

/** The same by looking at every combination. */
function countWins(groups: readonly (readonly number[])[]): number[] {
  const combinations = groups.reduce<number[][]>(
    (some, values) => some.flatMap((one) => values.map((value) => [...one, value])),
    [[]],
  );
  const wins = groups.map(() => 0);
  for (const combination of combinations) {
    const highest = Math.max(...combination);
    const winners = combination.filter((value) => value === highest).length;
    for (const [i, value] of combination.entries())
      if (value === highest) wins[i] = (wins[i] ?? 0) + 1 / winners / combinations.length;
  }
  return wins;
}

test("the median of an even number of values lies between the two in the middle", (t) => {
  t.is(median([5, 1, 3]), 3);
  t.is(median([4, 1, 3, 2]), 2.5);
});
