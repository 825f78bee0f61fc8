import { stepOfEpoch, stepOfStage } from "../curriculum/schedule.js";
import type { ResolvedSpec } from "../run-spec/resolved-spec.js";
import type { Zyx } from "../zyx.js";
import type { Timeline } from "./address.js";
import { shareSize } from "./share.js";
import { shareTensors, tensorBytes } from "./tensors.js";
import { stageOf, stagesOf, stepsOf } from "./timeline.js";

/** A tensor of a batch. */
export interface RunTensor {
  /** `image`, `label`, or `label_` and the number of a further decoder level, from 1. */
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/** What each rank from `firstRank` to before `endRank` gets of a batch of a stage. */
export interface RankShare {
  readonly firstRank: number;
  readonly endRank: number;
  /** Of each of these ranks. */
  readonly samples: number;
  /**
   * ranks x samples / batchSize: what a rank's mean loss is multiplied by, so that the average of all ranks' gradients is that of the
   * whole batch.
   */
  readonly lossWeight: number;
  readonly tensors: readonly RunTensor[];
  /** Of these tensors together. */
  readonly byteLength: number;
}

/** A stage of a timeline. */
export interface RunStage {
  readonly stage: number;
  /** The steps scheduled for it; `endStep` is outside. Both are absent where the stage of each step is drawn. */
  readonly firstStep?: number;
  readonly endStep?: number;
  /** (Z,Y,X), voxels. */
  readonly patchSize: Zyx;
  /** Over all ranks. */
  readonly batchSize: number;
  /** Ascending by rank, without gaps: one entry, or two where some ranks get a sample more than others. */
  readonly shares: readonly RankShare[];
}

/** One timeline of a run, as DescribeRun tells it. */
export interface RunTimeline {
  readonly steps: number;
  readonly epochFirstSteps: readonly number[];
  /** Ascending; `val` has the last stage only. */
  readonly stages: readonly RunStage[];
}

/** A timeline of a run whose batches `ranks` ranks share; `channels` is the data set's. */
export function runTimeline(
  spec: ResolvedSpec,
  { timeline, channels, ranks }: { readonly timeline: Timeline; readonly channels: number; readonly ranks: number },
): RunTimeline {
  const { first, last } = stagesOf(spec, timeline);
  const steps = stepsOf(spec, timeline);
  const epochStep = (epoch: number) => (timeline === "train" ? stepOfEpoch(spec, epoch) : epoch * spec.valSteps);
  const scheduled = (stage: number) => {
    if (timeline === "val") return { firstStep: 0, endStep: steps };
    if (spec.stageOrder === "random") return {};
    return { firstStep: stepOfStage(spec, stage), endStep: stepOfStage(spec, stage + 1) };
  };
  return {
    steps,
    epochFirstSteps: Array.from({ length: spec.epochs }, (_, epoch) => epochStep(epoch)),
    stages: Array.from({ length: last - first + 1 }, (_, index) => {
      const stage = first + index;
      const { patchSize, batchSize } = stageOf(spec, timeline, stage);
      const shareFrom = (firstRank: number, endRank: number): RankShare[] => {
        if (firstRank === endRank) return [];
        const rank = { rank: firstRank, ranks };
        const samples = shareSize(batchSize, rank);
        const tensors = shareTensors(spec, channels, { timeline, stage }, rank);
        return [
          {
            firstRank,
            endRank,
            samples,
            lossWeight: (ranks * samples) / batchSize,
            tensors: tensors.map(({ name, type, shape, byteLength }) => ({ name, type, shape, byteLength })),
            byteLength: tensorBytes(tensors),
          },
        ];
      };
      const larger = batchSize % ranks;
      const shares = [...shareFrom(0, larger), ...shareFrom(larger, ranks)];
      return { stage, ...scheduled(stage), patchSize, batchSize, shares };
    }),
  };
}
