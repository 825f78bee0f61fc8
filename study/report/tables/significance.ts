import { TABLE_1_TOGETHER } from "../../paper/table-1.js";
import type { StudyDataset } from "../../run-result.js";
import { median } from "../../statistics/moments.js";
import { FEWEST_PAIRS, rankCorrelation } from "../../statistics/spearman.js";
import { signedRankTest } from "../../statistics/wilcoxon.js";
import { caseDifferences } from "../paired-cases.js";
import { type Cell, missing, type Part, type Table, withoutEmptyColumns } from "../table.js";
import { BASELINE, mainArm, runsOf, type View } from "../view.js";
import { mainRows } from "./main-rows.js";
import { comparisonWithBaseline } from "./score-rows.js";

/** Two methods, the one held against the other. */
export interface MethodPair {
  readonly method: string;
  readonly against: string;
}

/** Every method against constant patches, then Performance against Efficiency, as the paper (4.1.1). */
function comparedMethods({ methods }: View): MethodPair[] {
  const others = methods.filter((method) => method !== BASELINE);
  const pairs = methods.includes(BASELINE) ? others.map((method) => ({ method, against: BASELINE })) : [];
  const both = methods.includes("performance") && methods.includes("efficiency");
  return both ? [...pairs, { method: "performance", against: "efficiency" }] : pairs;
}

/** Differences of Dice relative to constant's over the data sets that have both methods, in percent points. */
export function datasetDifferences(view: View, { method, against }: MethodPair): number[] {
  const [own, theirs] = [relativeByDataset(view, method), relativeByDataset(view, against)];
  return [...own].flatMap(([dataset, percent]) => {
    const reference = theirs.get(dataset);
    return reference === undefined ? [] : [percent - reference];
  });
}

function relativeByDataset(view: View, method: string): Map<string, number> {
  return new Map(
    mainRows(view, [method]).flatMap((row) => {
      const comparison = comparisonWithBaseline(view, row);
      const isKnown = comparison !== undefined && Number.isFinite(comparison.dicePercent);
      return isKnown ? [[row.dataset.name, comparison.dicePercent] as const] : [];
    }),
  );
}

/** Differences of Dice over the held-out cases of a data set, 0 to 1. */
export function heldOutDifferences(view: View, dataset: StudyDataset, { method, against }: MethodPair): number[] {
  const [own, theirs] = [method, against].map((name) => {
    const of = { method: name, network: view.networks[0] ?? "", length: view.fullLength };
    const arm = mainArm(view, dataset, of);
    return arm === undefined ? [] : runsOf(view, { dataset: dataset.name, length: of.length, ...arm });
  });
  return caseDifferences(own ?? [], theirs ?? []);
}

/** Wilcoxon's signed-rank tests: over data sets as the paper, and over the held-out cases of each. */
export function wilcoxonTable(view: View): Part<Table> {
  const title = "Wilcoxon's signed-rank test";
  const pairs = comparedMethods(view);
  if (pairs.length === 0) return missing(title, `runs of ${BASELINE} and of another method`);
  const rows = pairs.flatMap((pair) => {
    const printed = TABLE_1_TOGETHER.wilcoxon.find(
      (line) => line.method === pair.method && line.against === pair.against,
    );
    const overCases = view.datasets.map((dataset) =>
      testRow(pair, `held-out cases of ${dataset.name}`, heldOutDifferences(view, dataset, pair).map(inPercent), null),
    );
    return [testRow(pair, "data sets", datasetDifferences(view, pair), printed?.p ?? null), ...overCases];
  });
  return {
    shown: withoutEmptyColumns({
      id: "wilcoxon",
      title,
      about:
        "Paired and two-sided; exact up to 200 pairs, also with ties; pairs without a difference are left out. Over data sets: Dice in percent of constant's, as the paper. " +
        "Over held-out cases: Dice of a case, mean over its classes and over the pairs of runs of the same fold and seed. With five pairs or fewer, p cannot be below 0.0625.",
      columns: [
        { title: "method" },
        { title: "against" },
        { title: "pairs are" },
        { title: "n" },
        { title: "left out" },
        { title: "median difference", unit: "points", digits: 2 },
        { title: "p", digits: 4, isChance: true },
        { title: "paper: p (15 data sets)", digits: 4 },
      ],
      rows: rows.filter(([, , , n, zeros]) => Number(n) + Number(zeros) > 0),
      notes: [],
    }),
  };
}

const inPercent = (fraction: number) => 100 * fraction;

function testRow(pair: MethodPair, pairs: string, differences: readonly number[], printed: number | null): Cell[] {
  const { n, zeros, p } = signedRankTest(differences);
  return [pair.method, pair.against, pairs, n, zeros, median(differences), p, printed];
}

/** What a gain may depend on: properties of a data set. */
const PROPERTIES: readonly (readonly [name: string, of: (dataset: StudyDataset) => number])[] = [
  ["number of classes", ({ classes }) => classes.length],
  ["data set size, cases", ({ cases }) => cases],
  ["patch-to-volume coverage", ({ patchCoverage }) => patchCoverage],
  ["smallest class frequency", ({ smallestClassShare }) => smallestClassShare],
];

/** Spearman's correlation of the gain with properties of the data sets, for each method and length. */
export function spearmanTable(view: View): Part<Table> {
  const title = "Spearman's correlation of the gain";
  const methods = view.methods.filter((method) => method !== BASELINE);
  const rows = methods.flatMap((method) =>
    view.lengths.flatMap((length) => {
      const gains = mainRows(view, [method], length).flatMap((row) => {
        const comparison = comparisonWithBaseline(view, row);
        const isKnown = comparison !== undefined && Number.isFinite(comparison.dicePercent);
        return isKnown ? [[row.dataset, comparison.dicePercent - 100] as const] : [];
      });
      return PROPERTIES.flatMap(([name, of]): Cell[][] => {
        const found = rankCorrelation(gains.map(([dataset, gain]) => [of(dataset), gain] as const));
        return found === undefined ? [] : [[method, length, name, found.n, found.rho, found.p]];
      });
    }),
  );
  if (rows.length === 0)
    return missing(title, `at least ${FEWEST_PAIRS} data sets with ${BASELINE} and another method`);
  return {
    shown: {
      id: "spearman",
      title,
      about:
        "Gain is Dice in percent of constant's, less 100; n is the number of data sets; p is two-sided, by Student's t. Not corrected for the number of tests. " +
        "The paper sees Performance gain more the rarer the smallest class is (length 1 %: rho -0.743, p 0.0015; 10 %: -0.546, 0.035), and Efficiency the less rare it is (1 %: 0.532, 0.041; 10 %: 0.768, 0.0008; 25 %: 0.607, 0.013).",
      columns: [
        { title: "method" },
        { title: "length", unit: "%" },
        { title: "gain against" },
        { title: "n" },
        { title: "rho", digits: 3 },
        { title: "p", digits: 4, isChance: true },
      ],
      rows,
      notes: [],
    },
  };
}
