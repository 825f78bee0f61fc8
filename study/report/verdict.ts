import { TABLE_1_TOGETHER } from "../paper/table-1.js";
import { mean, median } from "../statistics/moments.js";
import { signedRankTest } from "../statistics/wilcoxon.js";
import { scoreOf } from "./score.js";
import { mainRows } from "./tables/main-rows.js";
import { comparisonWithBaseline } from "./tables/score-rows.js";
import { datasetDifferences, heldOutDifferences } from "./tables/significance.js";
import { BASELINE, runsOf, type View } from "./view.js";

/** Whether a claim of the paper is seen in a study. */
export interface Verdict {
  /** What the paper claims. */
  readonly claim: string;
  readonly seen: "seen" | "not seen" | "not shown" | "not decided";
  /** One or two sentences with the figures. */
  readonly because: string;
}

/** Chance of an error that is accepted. */
const ALPHA = 0.05;
/** Fewest data sets over which a test can fall below ALPHA, exact and two-sided: 2 / 2^6 = 0.031. */
const FEWEST_DATASETS = 6;
/** Dice, in percent of constant's, that Efficiency may lose and still count as equal. */
const EQUAL_WITHIN = 1;

/** A Dice below this, 0 to 1, is that of a network that has learnt nothing: percents of it say nothing. */
const LEARNT = 0.1;

/** How verdicts are decided, for the reader. */
export const RULE =
  `Performance's claim is seen when its Dice in percent of constant's, averaged over the data sets, is above 100 and Wilcoxon's test (two-sided) finds it higher (p below ${ALPHA}, median difference above 0); ` +
  "it is not shown when the average is above 100 and the test finds no difference, and not seen otherwise. " +
  `Efficiency's claim is seen when that average is at least ${100 - EQUAL_WITHIN}, Wilcoxon's test does not find it lower than constant (p below ${ALPHA}, median difference below 0), and its relative runtime is below 100 %; not seen otherwise. ` +
  `The test's pairs are data sets where there are ${FEWEST_DATASETS} or more, otherwise the held-out cases of all data sets. All at the longest training, with the study's first network. ` +
  `Nothing is decided where constant patches have a Dice below ${100 * LEARNT} %.`;

/** What a study shows of one method beside constant patches. */
interface Evidence {
  readonly normalisedPercent: number;
  /** Constant's lowest Dice on a data set, 0 to 1. */
  readonly lowestReference: number;
  readonly datasets: number;
  readonly datasetsAbove: number;
  readonly runtimePercent: number | undefined;
  readonly p: number;
  /** Of the pairs' differences: the side on which the test finds one. */
  readonly medianDifference: number;
  readonly n: number;
  readonly pairs: "data sets" | "held-out cases";
}

/** The paper's claims of which the study has both sides. */
export function verdictsOf(view: View): Verdict[] {
  const performance = evidenceOf(view, "performance");
  const efficiency = evidenceOf(view, "efficiency");
  return [
    ...(performance ? [verdictOnPerformance(performance)] : []),
    ...(efficiency ? [verdictOnEfficiency(efficiency)] : []),
  ];
}

function verdictOnPerformance(evidence: Evidence): Verdict {
  const { normalisedPercent, lowestReference } = evidence;
  const { normalisedPercent: printed, runtimePercent } = TABLE_1_TOGETHER;
  const claim = `Performance has a higher Dice than constant patches (paper: ${printed.performance} % of constant's, at ${runtimePercent.performance} % of the runtime)`;
  if (lowestReference < LEARNT) return undecided(claim, lowestReference);
  const found = foundBy(evidence);
  if (normalisedPercent <= 100 || found === "lower") return { claim, seen: "not seen", because: inWords(evidence) };
  return { claim, seen: found === "higher" ? "seen" : "not shown", because: inWords(evidence) };
}

function verdictOnEfficiency(evidence: Evidence): Verdict {
  const { normalisedPercent, lowestReference, runtimePercent } = evidence;
  const { normalisedPercent: printed, runtimePercent: printedRuntime } = TABLE_1_TOGETHER;
  const claim = `Efficiency has the Dice of constant patches at a fraction of their time (paper: ${printed.efficiency} % of constant's, at ${printedRuntime.efficiency} % of the runtime)`;
  if (lowestReference < LEARNT) return undecided(claim, lowestReference);
  const isLower = normalisedPercent < 100 - EQUAL_WITHIN || foundBy(evidence) === "lower";
  const isFaster = runtimePercent !== undefined && runtimePercent < 100;
  return { claim, seen: !isLower && isFaster ? "seen" : "not seen", because: inWords(evidence) };
}

/** What the test says of the method beside constant patches. */
function foundBy({ p, medianDifference }: Evidence): "higher" | "lower" | "no difference" {
  if (p >= ALPHA || medianDifference === 0) return "no difference";
  return medianDifference > 0 ? "higher" : "lower";
}

function undecided(claim: string, lowestReference: number): Verdict {
  const dice = (100 * lowestReference).toFixed(2);
  const because = `Constant patches have a Dice of ${dice} %: the training is too short to compare anything.`;
  return { claim, seen: "not decided", because };
}

function inWords(evidence: Evidence): string {
  const { normalisedPercent, datasets, datasetsAbove, runtimePercent, p, n, pairs } = evidence;
  const runtime = runtimePercent === undefined ? "" : `, at ${runtimePercent.toFixed(0)} % of the runtime`;
  const above = datasets === 1 ? "on one data set" : `above 100 on ${datasetsAbove} of ${datasets} data sets`;
  const test = `Wilcoxon over ${n} ${pairs}: ${foundBy(evidence)}, p ${p < 0.0001 ? "below 0.0001" : `= ${p.toFixed(4)}`}`;
  return `${normalisedPercent.toFixed(2)} % of constant's Dice${runtime}, ${above}. ${test}.`;
}

function evidenceOf(view: View, method: string): Evidence | undefined {
  const rows = mainRows(view, [method]);
  const compared = rows.map((row) => comparisonWithBaseline(view, row)).filter((found) => found !== undefined);
  if (compared.length === 0) return undefined;
  const percents = compared.map(({ dicePercent }) => dicePercent);
  const runtimes = rows
    .map(({ dataset, arm, length }) => scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm })).runtimePercent)
    .filter((percent) => percent !== undefined);
  const pair = { method, against: BASELINE };
  const overDatasets = compared.length >= FEWEST_DATASETS;
  const differences = overDatasets
    ? datasetDifferences(view, pair)
    : view.datasets.flatMap((dataset) => heldOutDifferences(view, dataset, pair));
  const { n, p } = signedRankTest(differences);
  return {
    normalisedPercent: mean(percents),
    lowestReference: Math.min(...compared.map(({ referenceDice }) => referenceDice)),
    datasets: percents.length,
    datasetsAbove: percents.filter((percent) => percent > 100).length,
    runtimePercent: runtimes.length === 0 ? undefined : mean(runtimes),
    p,
    medianDifference: differences.length === 0 ? 0 : median(differences),
    n,
    pairs: overDatasets ? "data sets" : "held-out cases",
  };
}
