import { type Figures, figures, ratios } from "../figures.js";
import type { Arm } from "./arm.js";
import { proveEqualWork } from "./equal-work.js";
import type { Augmentation, Job, Taken } from "./job.js";
import type { MeasuredPlan } from "./measured-plans.js";

/** What is measured beside ours, in turn with it. */
export interface Beside {
  readonly name: string;
  /** Batches per second. */
  readonly rate: Figures;
  /** Ours / theirs, pair by pair. */
  readonly ratio: Figures;
}

export interface StageRates {
  readonly stage: number;
  readonly augmentation: Augmentation;
  readonly patch: readonly number[];
  readonly batch: number;
  /** Batches per second. */
  readonly ours: Figures;
  readonly beside: readonly Beside[];
}

export interface RateOptions {
  readonly rounds: number;
  /** Least time of one measurement; it ends with the batch that passes it. */
  readonly seconds: number;
  /** Samples over which equal work is proven, which also warms up. 0: not proven. */
  readonly provenSamples: number;
  readonly workers: number;
}

/** Samples over the batch size: a peer's batch may hold a few more. */
function batchesPerSecond({ batchSeconds, samples }: Taken, { batch }: Job): number {
  return samples / batch / batchSeconds.reduce((sum, seconds) => sum + seconds, 0);
}

/** Ours and each of the others in turn, A B A B, at one stage. */
export async function measureRates(
  { ours, others, unproven = [] }: { ours: Arm; others: readonly Arm[]; unproven?: readonly Arm[] },
  { plan, stage, augmentation }: { plan: MeasuredPlan; stage: number; augmentation: Augmentation },
  { rounds, seconds, provenSamples, workers }: RateOptions,
): Promise<StageRates> {
  const job = plan.job({ stage, augmentation, workers });
  const beside = [...others, ...unproven];
  for (const arm of [ours, ...beside]) await arm.open(job);
  if (provenSamples > 0) await proveEqualWork([ours, ...others], job, provenSamples);
  for (const arm of [ours, ...unproven]) await arm.take(seconds); // warm-up
  const rateOf = async (arm: Arm) => batchesPerSecond(await arm.take(seconds), job);
  const pairs = beside.map(({ name }) => ({ name, ours: [] as number[], theirs: [] as number[] }));
  for (let round = 0; round < rounds; round++)
    for (const [index, arm] of beside.entries()) {
      pairs[index]?.ours.push(await rateOf(ours));
      pairs[index]?.theirs.push(await rateOf(arm));
    }
  return {
    stage,
    augmentation,
    patch: job.patch,
    batch: job.batch,
    ours: figures(pairs.flatMap((pair) => pair.ours)),
    beside: pairs.map((pair) => ({
      name: pair.name,
      rate: figures(pair.theirs),
      ratio: ratios(pair.ours, pair.theirs),
    })),
  };
}
