import type { StageTimeline } from "../../plan/batch/stage-timeline.js";
import { stageOf, stepsOf } from "../../plan/batch/timeline.js";
import { stepOfStage } from "../../plan/curriculum/schedule.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { voxelCount } from "../../plan/zyx.js";

/** Steps of one stage. */
export interface StageSteps {
  readonly stage: number;
  readonly steps: number;
  /** In one batch. */
  readonly samples: number;
  /** Of one batch, all its samples. */
  readonly voxels: number;
}

function described(counts: ReadonlyMap<number, number>, spec: ResolvedSpec): StageSteps[] {
  return [...counts].map(([stage, steps]) => {
    const { patchSize, batchSize } = stageOf(spec, "train", stage);
    return { stage, steps, samples: batchSize, voxels: batchSize * voxelCount(patchSize) };
  });
}

/** The steps from `from` to before `to`, by stage, counted one by one. */
export function stepsTaken(from: number, to: number, timeline: StageTimeline, spec: ResolvedSpec): StageSteps[] {
  const counts = new Map<number, number>();
  for (let step = from; step < to; step++) {
    const stage = timeline.stageOf(step);
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return described(counts, spec);
}

/**
 * The steps from `from` to the end, by stage, as far as it is decided; where the stage of each step is drawn, as many of each. A training has
 * hundreds of thousands, so they are counted from one change of the stage to the next.
 */
export function stepsLeft(from: number, timeline: StageTimeline, spec: ResolvedSpec): StageSteps[] {
  const to = stepsOf(spec, "train");
  const changes = [
    ...spec.stages.map((_, stage) => stepOfStage(spec, stage)),
    ...timeline.decisions.map((one) => one.fromStep),
  ];
  const between = changes.filter((step) => step > from && step < to).sort((a, b) => a - b);
  const counts = new Map<number, number>();
  const add = (stage: number, steps: number) => counts.set(stage, (counts.get(stage) ?? 0) + steps);
  for (const [index, begin] of [from, ...between].entries()) {
    const steps = (between[index] ?? to) - begin;
    if (spec.stageOrder === "random" && timeline.decided(begin) === undefined)
      for (const stage of spec.stages.keys()) add(stage, steps / spec.stages.length);
    else add(timeline.stageOf(begin), steps);
  }
  return described(counts, spec);
}
