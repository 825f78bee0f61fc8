import { PatchstreamError, type ResolvedSpec, scheduledStageOf, stepOfStage, stepsOf } from "../../plan/index.js";

/** Every step of a range, or a given number from each stage. */
export type Sampling = { readonly from: number; readonly to: number } | { readonly perStage: number };

export interface SampledStep {
  readonly step: number;
  readonly stage: number;
}

/**
 * Training steps to look at, each with its stage: those of a range at their scheduled stages, or `perStage` of each stage,
 * evenly spread over its epochs (all of them where it has no more). Throws STEP_UNKNOWN for a range beyond the end.
 */
export function sampledSteps(spec: ResolvedSpec, sampling: Sampling): SampledStep[] {
  const steps = stepsOf(spec, "train");
  if ("perStage" in sampling) {
    return spec.stages.flatMap((_, stage) => {
      const start = stepOfStage(spec, stage);
      const count = stepOfStage(spec, stage + 1) - start;
      const taken = Math.min(sampling.perStage, count);
      return Array.from({ length: taken }, (_, i) => ({ step: start + Math.floor((i * count) / taken), stage }));
    });
  }
  const { from, to } = sampling;
  if (to > steps) throw new PatchstreamError({ code: "STEP_UNKNOWN", timeline: "train", step: to - 1, steps });
  return Array.from({ length: to - from }, (_, i) => ({
    step: from + i,
    stage: scheduledStageOf(spec, "train", from + i),
  }));
}
