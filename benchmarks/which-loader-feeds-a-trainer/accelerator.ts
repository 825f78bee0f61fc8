import { type Figures, figures } from "../figures.js";
import type { Arm } from "./arm.js";
import type { Augmentation } from "./job.js";
import type { MeasuredPlan } from "./measured-plans.js";

/** Enough that every volume has been read. */
const WARM_UP_SAMPLES = 16;
/** Batches are taken as fast as they come before each run, so that none of it was loaded ahead. */
const DRAIN_SECONDS = 0.5;

export interface Utilisation {
  readonly title: string;
  readonly stage: number;
  readonly patch: readonly number[];
  readonly batch: number;
  readonly stepSeconds: number;
  /** Accelerator utilisation of each arm, 0 to 1. */
  readonly arms: readonly { readonly name: string; readonly utilisation: Figures }[];
}

/**
 * Accelerator utilisation as MLPerf Storage defines it: compute time over running time of an emulated accelerator, which
 * sleeps a given time for each batch; the first step is left out.
 */
export async function measureUtilisation(
  arms: readonly Arm[],
  { plan, stage, augmentation }: { plan: MeasuredPlan; stage: number; augmentation: Augmentation },
  { rounds, steps, stepSeconds }: { rounds: number; steps: number; stepSeconds: number },
): Promise<Utilisation> {
  const job = plan.job({ stage, augmentation, strategy: "nnunet", workers: 1 });
  const measured = arms.map(({ name }) => ({ name, values: [] as number[] }));
  for (const arm of arms) {
    await arm.open(job);
    await arm.prove(WARM_UP_SAMPLES);
  }
  for (let round = 0; round < rounds; round++)
    for (const [index, arm] of arms.entries()) {
      await arm.take(DRAIN_SECONDS);
      measured[index]?.values.push((steps * stepSeconds) / (await arm.train(steps, stepSeconds)));
    }
  for (const arm of arms) await arm.close();
  return {
    title: plan.title,
    stage,
    patch: job.patch,
    batch: job.batch,
    stepSeconds,
    arms: measured.map(({ name, values }) => ({ name, utilisation: figures(values) })),
  };
}
