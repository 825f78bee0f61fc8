import { type Figures, figures, ratios } from "../figures.js";
import type { Arm } from "./arm.js";
import { proveEqualWork } from "./equal-work.js";
import type { Augmentation, Job, Strategy, Taken } from "./job.js";
import type { MeasuredPlan } from "./measured-plans.js";

/** An arm of ours and what is measured in turn with it, on batches built alike. */
export interface Pair {
  readonly ours: Arm;
  readonly theirs: Arm;
  readonly strategy: Strategy;
  /** False: theirs only copies or carries bytes, as a limit of what ours can do. */
  readonly sameWork: boolean;
}

/** Both in batches per second of `RateOptions.clock`. */
export interface PairRates {
  readonly ourName: string;
  readonly name: string;
  readonly ours: Figures;
  readonly theirs: Figures;
  /** Ours / theirs, pair by pair. */
  readonly ratio: Figures;
}

export interface StageRates {
  readonly stage: number;
  readonly patch: readonly number[];
  readonly batch: number;
  readonly pairs: readonly PairRates[];
}

export interface RateOptions {
  readonly rounds: number;
  /** Least time of one measurement; it ends with the batch that passes it. */
  readonly seconds: number;
  /** Least samples over which equal work is proven. */
  readonly provenSamples: number;
  readonly workers: number;
  readonly clock: Clock;
}

/** "cpu": seconds of processor time, which a busy machine disturbs least; for arms of one process. */
export type Clock = "cpu" | "wall";

/** An arm is warm when so many measurements in a row bring no more than the best one, but for so much; or after so many seconds. */
const WARM_UP = { measurements: 3, gain: 1.03, seconds: 10 };

/** Just-in-time compilers take seconds before their code is fast, most where batches are small: a training pays them once a stage. */
async function warmUp(arm: Arm, job: Job, seconds: number, clock: Clock): Promise<void> {
  const began = performance.now();
  let best = 0;
  for (let taken = 0; taken < WARM_UP.measurements && performance.now() - began < 1000 * WARM_UP.seconds; taken++) {
    const rate = batchesPerSecond(await arm.take(seconds), job, clock);
    if (rate <= WARM_UP.gain * best) continue;
    best = rate;
    taken = -1;
  }
}

/** Samples over the batch size: a peer's batch may hold a few more. */
function batchesPerSecond({ batchSeconds, cpuSeconds, samples }: Taken, { batch }: Job, clock: Clock): number {
  const seconds = clock === "cpu" ? cpuSeconds : batchSeconds.reduce((sum, each) => sum + each, 0);
  return samples / batch / seconds;
}

/** Each pair in turn, A B A B, at one stage. Arms may be in several pairs of one strategy. */
export async function measureRates(
  pairs: readonly Pair[],
  { plan, stage, augmentation }: { plan: MeasuredPlan; stage: number; augmentation: Augmentation },
  { rounds, seconds, provenSamples, workers, clock }: RateOptions,
): Promise<StageRates> {
  const jobOf = (strategy: Strategy) => plan.job({ stage, augmentation, strategy, workers });
  const strategies = new Map(
    pairs.flatMap(({ ours, theirs, strategy }) => [[ours, strategy] as const, [theirs, strategy] as const]),
  );
  const job = jobOf("split-crop");
  for (const [arm, strategy] of strategies) await arm.open(jobOf(strategy));
  const equals = new Set(pairs.flatMap(({ ours, theirs, sameWork }) => (sameWork ? [ours, theirs] : [ours])));
  await proveEqualWork([...equals], job, provenSamples);
  for (const arm of strategies.keys()) await warmUp(arm, job, seconds, clock);
  const rateOf = async (arm: Arm) => {
    if (clock === "wall") await arm.take(seconds / 2); // what was loaded ahead
    return batchesPerSecond(await arm.take(seconds), job, clock);
  };
  const rates = pairs.map(() => ({ ours: [] as number[], theirs: [] as number[] }));
  for (let round = 0; round < rounds; round++)
    for (const [index, { ours, theirs }] of pairs.entries()) {
      rates[index]?.ours.push(await rateOf(ours));
      rates[index]?.theirs.push(await rateOf(theirs));
    }
  return {
    stage,
    patch: job.patch,
    batch: job.batch,
    pairs: pairs.map(({ ours, theirs }, index) => {
      const { ours: our, theirs: their } = rates[index] as (typeof rates)[number];
      return {
        ourName: ours.name,
        name: theirs.name,
        ours: figures(our),
        theirs: figures(their),
        ratio: ratios(our, their),
      };
    }),
  };
}
