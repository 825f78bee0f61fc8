import { drawInteger, PURPOSE } from "../random.js";
import type { ResolvedSpec } from "../run-spec/resolved-spec.js";

/** What the schedule depends on. */
export type Scheduled = Pick<ResolvedSpec, "stages" | "stageOrder" | "epochs" | "stepsPerEpoch" | "seed">;

/** First step of an epoch; `stepsPerEpoch` may be fractional (a training of 1 % has 2.5). */
export function stepOfEpoch(spec: Pick<Scheduled, "stepsPerEpoch">, epoch: number): number {
  return Math.floor(epoch * spec.stepsPerEpoch);
}

/** How many epochs end before `step`: the number of its own epoch, or of all where the training has no such step. */
export function epochsBefore(spec: Pick<Scheduled, "epochs" | "stepsPerEpoch">, step: number): number {
  let epoch = Math.min(Math.floor(step / spec.stepsPerEpoch), spec.epochs);
  while (epoch < spec.epochs && stepOfEpoch(spec, epoch + 1) <= step) epoch++;
  return epoch;
}

/** How many steps the whole training has; they are numbered from 0. */
export function totalSteps(spec: Pick<Scheduled, "epochs" | "stepsPerEpoch">): number {
  return stepOfEpoch(spec, spec.epochs);
}

/** First scheduled step of stage number `stage`. In random order a stage has none: the answer is where its epochs would begin. */
export function stepOfStage(spec: Scheduled, stage: number): number {
  const epoch = spec.stages.slice(0, stage).reduce((sum, { epochs }) => sum + epochs, 0);
  return stepOfEpoch(spec, epoch);
}

/**
 * The stage a step has unless the trainer says otherwise. `scheduled`: stages in order, each for its epochs; steps past
 * the end belong to the last one. `random` (RPSS): uniform over the stages, drawn from the seed for each step.
 */
export function scheduledStage(spec: Scheduled, step: number): number {
  if (spec.stageOrder === "random") {
    const place = { seed: spec.seed, timeline: "train", step, sample: 0 } as const;
    return drawInteger(place, PURPOSE.stage, 0, spec.stages.length);
  }
  let end = 0;
  for (const [index, { epochs }] of spec.stages.entries()) {
    end += epochs;
    if (step < stepOfEpoch(spec, end)) return index;
  }
  return spec.stages.length - 1;
}
