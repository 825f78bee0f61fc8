import type { Augmentation } from "../augment/augmentation.js";
import { type Scheduled, scheduledStage, totalSteps } from "../curriculum/schedule.js";
import type { Stage } from "../curriculum/stage.js";
import { PatchstreamError } from "../errors.js";
import { NNUNET_FOREGROUND_FRACTION, type ResolvedSpec } from "../run-spec/resolved-spec.js";
import type { Address, Timeline } from "./address.js";

/**
 * What the two timelines of a run have: steps, stages, and the stage of a step. `train` runs through the curriculum. `val`
 * does not: its step is epoch x valSteps + i, and its only stage has the number of the last stage.
 */
export type TimelineSpec = Scheduled & Pick<ResolvedSpec, "valSteps">;

/** How many steps a timeline has; they are numbered from 0. */
export function stepsOf(spec: Pick<TimelineSpec, "epochs" | "stepsPerEpoch" | "valSteps">, timeline: Timeline): number {
  return timeline === "train" ? totalSteps(spec) : spec.epochs * spec.valSteps;
}

/** First and last stage (both included) of a timeline. */
export function stagesOf(
  { stages }: Pick<ResolvedSpec, "stages">,
  timeline: Timeline,
): { first: number; last: number } {
  const last = stages.length - 1;
  return { first: timeline === "train" ? 0 : last, last };
}

/** The stage that a step of a timeline has unless the trainer decides otherwise. */
export function scheduledStageOf(spec: TimelineSpec, timeline: Timeline, step: number): number {
  return timeline === "train" ? scheduledStage(spec, step) : stagesOf(spec, timeline).last;
}

/**
 * Patch, batch and foreground share of a timeline's stage. A validation batch has the plan's patch and batch size and
 * nnU-Net's foreground share, whatever the curriculum.
 */
export function stageOf(
  spec: Pick<ResolvedSpec, "stages" | "plan" | "epochs">,
  timeline: Timeline,
  stage: number,
): Stage {
  const { patchSize, batchSize } = spec.plan;
  const whole = { patchSize, batchSize, epochs: spec.epochs, foregroundFraction: NNUNET_FOREGROUND_FRACTION };
  return (timeline === "train" && spec.stages[stage]) || whole;
}

/** What the samples of a timeline are augmented with; validation batches are not. */
export function augmentationOf(
  { augmentation }: Pick<ResolvedSpec, "augmentation">,
  timeline: Timeline,
): readonly Augmentation[] {
  return timeline === "train" ? augmentation : [];
}

/** Throws STEP_UNKNOWN for a step that the timeline does not have. */
export function checkStep(spec: TimelineSpec, timeline: Timeline, step: number): void {
  const steps = stepsOf(spec, timeline);
  if (!Number.isInteger(step) || step < 0 || step >= steps)
    throw new PatchstreamError({ code: "STEP_UNKNOWN", timeline, step, steps });
}

/** Throws STAGE_UNKNOWN for a stage that the timeline does not have. */
export function checkStage(spec: Pick<ResolvedSpec, "stages">, timeline: Timeline, stage: number): void {
  const { first, last } = stagesOf(spec, timeline);
  if (!Number.isInteger(stage) || stage < first || stage > last)
    throw new PatchstreamError({ code: "STAGE_UNKNOWN", timeline, stage, first, last });
}

/** Throws STEP_UNKNOWN or STAGE_UNKNOWN for an address that the run does not have. */
export function checkAddress(spec: TimelineSpec, { timeline, step, stage }: Address): void {
  checkStep(spec, timeline, step);
  checkStage(spec, timeline, stage);
}
