import type { Address, Timeline } from "../../../plan/batch/address.js";
import { runTimeline } from "../../../plan/batch/run-timeline.js";
import type { Rank } from "../../../plan/batch/share.js";
import { scheduledStageOf, stagesOf, stepsOf } from "../../../plan/batch/timeline.js";
import { MODES } from "../../../plan/curriculum/modes.js";
import { resolveSpec, type SpecDataset } from "../../../plan/run-spec/resolve.js";
import type { ResolvedSpec, Strategy } from "../../../plan/run-spec/resolved-spec.js";
import { planBatch } from "../../../plan/sampling/plan-batch.js";
import { type Chance, chance } from "./chance.js";
import { DATASETS } from "./datasets.js";

const STRATEGIES: readonly Strategy[] = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"];
const RUNS = 24;
/** Samples of a batch that are written down. */
const SHOWN = 5;

/** Runs of random specs: what they resolve to, their timelines, and some of their batches. */
export function goldenRuns() {
  return Array.from({ length: RUNS }, (_, index) => {
    const drawn = chance(100 + index);
    const dataset = DATASETS[index % DATASETS.length] as SpecDataset;
    const spec = resolveSpec(randomSpec(dataset, drawn, index), dataset);
    return {
      dataset: dataset.cases,
      spec,
      ranks: 1 + (index % 3),
      timelines: (["train", "val"] as const).map((timeline) => timelineOf(spec, dataset, timeline, 1 + (index % 3))),
      batches: (["train", "train", "val"] as const).map((timeline) => batchOf(spec, dataset, timeline, drawn)),
    };
  });
}

/** A spec of some mode or of own stages; each number of `index` has its turn. */
function randomSpec({ name, plan }: SpecDataset, { integer, one }: Chance, index: number): Record<string, unknown> {
  const mode = MODES[index % (MODES.length + 1)];
  const { patchSize } = plan;
  const ownStages = {
    stageOrder: one(["scheduled", "random"]),
    stages: [
      { patchSize, batchSize: integer(3, 9), foregroundFraction: integer(0, 100) / 100 },
      { patchSize, cropSize: [integer(4, 40), integer(4, 40), integer(4, 40)] },
      { patchSize },
    ],
  };
  return {
    dataset: name,
    ...(mode === undefined ? ownStages : { mode }),
    ...(index % 5 === 4 && { strategy: STRATEGIES[((index / 5) % STRATEGIES.length) | 0] }),
    plan: { batchSize: integer(3, 7) },
    foregroundFraction: integer(0, 100) / 100,
    epochs: integer(30, 1000),
    stepsPerEpoch: one([250, 0.7, integer(1, 10_000) / 7]),
    valSteps: integer(1, 50),
    seed: integer(0, Number.MAX_SAFE_INTEGER),
    split: { fold: one<number | string>([0, 1, 4, "all"]) },
    augmentation: one(["nnunet", "nnunet-nomirror", "none", [{ kind: "contrast", probability: 1, range: [1, 2] }]]),
    wire: { image: one(["f32", "f16", "bf16"]), layout: one(["channels-first", "channels-last"]) },
    deepSupervision: one([true, false]),
  };
}

function timelineOf(spec: ResolvedSpec, { cases }: SpecDataset, timeline: Timeline, ranks: number) {
  const { steps, epochFirstSteps, stages } = runTimeline(spec, { timeline, channels: cases.channels, ranks });
  const edges = stages.slice(1, 4).flatMap(({ firstStep = 0 }) => [Math.max(0, firstStep - 1), firstStep]);
  const asked = [...edges, ...Array.from({ length: 12 }, (_, index) => Math.floor(((steps - 1) * index) / 11))];
  return {
    timeline,
    steps,
    epochFirstSteps: epochFirstSteps.filter((_, epoch) => epoch % 50 === 49),
    stageOfStep: asked.map((step) => [step, scheduledStageOf(spec, timeline, step)]),
    stages: stages
      .filter(({ stage }) => stage % 3 === 2 || stage === stages.length - 1)
      .map(({ stage, firstStep = null, endStep = null, shares }) => ({
        stage,
        firstStep,
        endStep,
        shares: shares.map(({ firstRank, tensors }) => ({
          rank: firstRank,
          tensors: tensors.map(({ name, type, shape, byteLength }) => [name, type, shape, byteLength]),
        })),
      })),
  };
}

/** A batch of some step, of its scheduled stage or another one, and the whole of it or a rank's share. */
function batchOf(spec: ResolvedSpec, { cases }: SpecDataset, timeline: Timeline, { integer, one }: Chance) {
  const step = integer(0, stepsOf(spec, timeline) - 1);
  const { first, last } = stagesOf(spec, timeline);
  const address: Address = {
    timeline,
    step,
    stage: one([scheduledStageOf(spec, timeline, step), integer(first, last)]),
  };
  const ranks = integer(1, 3);
  const rank: Rank = { rank: integer(0, ranks - 1), ranks };
  const { crops, ...plan } = planBatch(spec, cases, address, rank);
  const stride = Math.max(1, Math.floor(crops.length / SHOWN));
  const shown = crops.map((crop, place) => ({ place, ...crop })).filter(({ place }) => place % stride === 0);
  return { ...plan, ...rank, samples: crops.length, shown: shown.slice(0, SHOWN) };
}
