import type { Timeline } from "../../plan/batch/batch-plan.js";
import { deepLabelSizes } from "../../plan/curriculum/levels.js";
import { scheduledStage, totalSteps } from "../../plan/curriculum/schedule.js";
import type { RunInfo } from "../types.js";
import type { ExpectedBatch } from "./batch-receiver.js";

/** What one rank of a timeline is to receive. */
export interface RunShape {
  readonly stages: number;
  /** Steps of the whole timeline: 0 to this, less one. */
  readonly steps: number;
  /** Whether the timeline has a stage; validation has the last one only. */
  hasStage(stage: number): boolean;
  /** The stage a step has unless the trainer says otherwise. */
  scheduledStage(step: number): number;
  expected(stage: number): ExpectedBatch;
}

export interface ShareOfRun {
  readonly info: RunInfo;
  readonly timeline: Timeline;
  readonly rank: number;
  readonly ranks: number;
}

/** Bytes of one sample are those of the global batch over its samples: the server said the former, the spec the latter. */
export function runShape({ info, timeline, rank, ranks }: ShareOfRun): RunShape {
  const { spec } = info;
  const lastStage = spec.stages.length - 1;
  return {
    stages: spec.stages.length,
    steps: timeline === "train" ? totalSteps(spec) : spec.epochs * spec.valSteps,
    hasStage: (stage) =>
      Number.isInteger(stage) && stage <= lastStage && stage >= (timeline === "train" ? 0 : lastStage),
    scheduledStage: (step) => (timeline === "train" ? scheduledStage(spec, step) : lastStage),
    expected(stage) {
      const { patchSize, batchSize } = timeline === "train" ? (spec.stages[stage] ?? spec.plan) : spec.plan;
      const globalBytes = timeline === "train" ? (info.batchBytes[stage] ?? 0) : info.validationBatchBytes;
      const samples = Math.ceil((batchSize - rank) / ranks);
      return {
        globalBatch: batchSize,
        labelShapes: [patchSize, ...deepLabelSizes(spec, patchSize)].map((size) => [samples, ...size]),
        imageType: spec.wire.image,
        labelType: spec.wire.label,
        byteLength: (globalBytes / batchSize) * samples,
      };
    },
  };
}
