import { voxelCount } from "../../plan/index.js";
import type { RunResult, StudyStage } from "../run-result.js";
import { deviation, mean, median } from "../statistics/moments.js";
import { relativeDice } from "../statistics/relative-dice.js";

/** What the runs of one arm show by themselves. */
export interface Score {
  readonly runs: number;
  readonly folds: number;
  /** Runs that diverged: each counts as Dice 0. */
  readonly diverged: number;
  /** 0 to 1: mean over folds, of each fold the mean over its seeds. */
  readonly dice: number;
  /** Population deviation over folds, 0 to 1. */
  readonly deviation: number;
  /** The paper's virtual relative runtime, median over runs; undefined where no run tells. */
  readonly runtimePercent: number | undefined;
  /** Energy of a run, mean; undefined where the machine did not tell it. */
  readonly kilojoules: number | undefined;
}

/** What the pairs of an arm and constant patches show: runs of the same fold and seed. */
export interface Comparison {
  readonly pairs: number;
  /** Constant's, 0 to 1. */
  readonly referenceDice: number;
  /** Dice in percent of constant's. */
  readonly dicePercent: number;
  /** Voxels trained on, in percent of constant's: the paper's relative FLOPs (3.2.3). Undefined where all pairs have a run that diverged. */
  readonly flopsPercent: number | undefined;
  /** Operations of the network, in percent of constant's; undefined also where the trainer does not count them. */
  readonly operationsPercent: number | undefined;
  /** Seconds of training in percent of constant's, as measured; undefined as `flopsPercent`. */
  readonly measuredRuntimePercent: number | undefined;
}

/** Two runs that differ in what is compared only. */
export type RunPair = readonly [run: RunResult, reference: RunResult];

/** Of at least one run. */
export function scoreOf(runs: readonly RunResult[]): Score {
  const folds = foldMeans(runs);
  const energies = runs.map(joulesOf).filter((joules) => joules !== undefined);
  const runtimes = runs.map(virtualRuntimePercent).filter((percent) => percent !== undefined);
  return {
    runs: runs.length,
    folds: folds.length,
    diverged: runs.filter(({ outcome }) => outcome === "diverged").length,
    dice: mean(folds),
    deviation: deviation(folds),
    runtimePercent: runtimes.length === 0 ? undefined : median(runtimes),
    kilojoules: energies.length === 0 ? undefined : mean(energies) / 1000,
  };
}

/** Undefined where a stage does not tell, or the run diverged. */
function joulesOf({ outcome, stages }: RunResult): number | undefined {
  if (outcome === "diverged") return undefined;
  return stages.reduce<number | undefined>(
    (sum, { joules }) => (sum === undefined || joules === undefined ? undefined : sum + joules),
    0,
  );
}

/** Dice of each fold: the mean over its seeds. A run that diverged counts as 0, as the paper's UNETR with Efficiency (Table 3). */
function foldMeans(runs: readonly RunResult[]): number[] {
  const folds = new Map<number, number[]>();
  for (const run of runs) folds.set(run.point.fold, [...(folds.get(run.point.fold) ?? []), diceOf(run)]);
  return [...folds.values()].map(mean);
}

export function diceOf({ outcome, meanDice }: RunResult): number {
  return outcome === "diverged" ? 0 : meanDice;
}

/** Runs of both sides that have the same fold and seed. */
export function pairsOf(runs: readonly RunResult[], references: readonly RunResult[]): RunPair[] {
  return runs.flatMap((run) => {
    const reference = references.find(({ point }) => point.fold === run.point.fold && point.seed === run.point.seed);
    return reference === undefined ? [] : [[run, reference] as const];
  });
}

/** Undefined where no run has a partner. */
export function comparisonOf(runs: readonly RunResult[], references: readonly RunResult[]): Comparison | undefined {
  const pairs = pairsOf(runs, references);
  if (pairs.length === 0) return undefined;
  const own = pairs.map(([run]) => run);
  const theirs = pairs.map(([, reference]) => reference);
  const referenceDice = mean(foldMeans(theirs));
  return {
    pairs: pairs.length,
    referenceDice,
    dicePercent: relativeDice(mean(foldMeans(own)), referenceDice),
    flopsPercent: percentOfReference(pairs, trainedVoxels),
    operationsPercent: percentOfReference(pairs, operationsOf),
    measuredRuntimePercent: percentOfReference(pairs, ({ trainingSeconds }) => trainingSeconds),
  };
}

/** Of pairs that both ended, since a run that diverged stopped early. */
function percentOfReference(pairs: readonly RunPair[], of: (run: RunResult) => number): number | undefined {
  const ended = pairs.filter((pair) => pair.every(({ outcome }) => outcome === "finished"));
  const total = (side: 0 | 1) => ended.reduce((sum, pair) => sum + of(pair[side]), 0);
  return percentOf(total(0), total(1));
}

function percentOf(part: number, whole: number): number | undefined {
  return whole > 0 ? (100 * part) / whole : undefined;
}

function operationsOf({ stages }: RunResult): number {
  return stages.reduce((sum, { flops }) => sum + flops, 0);
}

/** Voxels of all patches that a run was trained on. */
function trainedVoxels({ stages }: RunResult): number {
  return stages.reduce((sum, { patchSize, batchSize, steps }) => sum + steps * batchSize * voxelCount(patchSize), 0);
}

/**
 * The paper's virtual relative runtime (3.2.2): the time of a run in percent of the time it would have taken had all its steps been as those
 * at the full patch. Undefined where the run has no such step, or diverged.
 */
function virtualRuntimePercent({ outcome, stages }: RunResult): number | undefined {
  const full = fullPatchStage(stages);
  if (outcome === "diverged" || full === undefined) return undefined;
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  const seconds = stages.reduce((sum, stage) => sum + secondsOf(stage), 0);
  return percentOf(seconds, (steps * secondsOf(full)) / full.steps);
}

/** The last stage of those with the largest patch. */
function fullPatchStage(stages: readonly StudyStage[]): StudyStage | undefined {
  const taken = stages.filter(({ steps }) => steps > 0);
  const largest = Math.max(...taken.map(({ patchSize }) => voxelCount(patchSize)));
  return taken.findLast(({ patchSize }) => voxelCount(patchSize) === largest);
}

/** Steps and waiting, without validation. */
function secondsOf({ stepSeconds, waitingSeconds }: StudyStage): number {
  return stepSeconds + waitingSeconds;
}
