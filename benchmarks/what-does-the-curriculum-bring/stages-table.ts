import { mean } from "simple-statistics";
import type { TrainingSummary } from "../../trainer/index.js";
import { figures } from "../figures.js";
import type { Replayed, TimedStep } from "./replay.js";

/** What a stage may take beside the same steps on batches in memory. */
const MOST = 1.02;

/** A training, and the same steps on batches in memory before and after it. */
export interface BesideMemory {
  readonly mode: string;
  readonly summary: TrainingSummary;
  readonly steps: readonly TimedStep[];
  readonly inMemory: readonly Replayed[];
}

/**
 * Each stage of each mode beside the same steps on batches in memory: medians of steps, since a stage's first step makes what it needs. The last
 * ratio is of processor time, which a machine with other work leaves comparable: what all threads and processes of the trainer used, with
 * the waiting, beside what the steps in memory used; means without a stage's first step.
 */
export function stagesTable(rows: readonly BesideMemory[]): string[] {
  const stages = rows.flatMap((row) =>
    [...row.summary.stages]
      .sort((one, other) => one.stage - other.stage) // drawn at random, they come in another order
      .map((stage) => ({ ...stage, row, ...besideMemory(row, stage.stage) })),
  );
  const within = (of: (stage: (typeof stages)[number]) => number) => stages.filter((stage) => of(stage) <= MOST).length;
  return [
    "| mode | stage | patch | batch | steps | in memory: ms a step (before, after) | training: ms a step, waiting included | ratio | the same of processor time |",
    "|---|---|---|---|---|---|---|---|---|",
    ...stages.map(({ row, stage, patchSize, batchSize, steps, inMemory, training, ratio, ofProcessor }) => {
      const memory = inMemory.map((ms) => ms.toFixed(1)).join(", ");
      const cells = [
        row.mode,
        stage,
        patchSize.join("x"),
        batchSize,
        steps,
        memory,
        training.toFixed(1),
        ratio.toFixed(3),
        ofProcessor.toFixed(3),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    `Of ${stages.length} stages ${within(({ ratio }) => ratio)} take at most ${MOST} x the same steps on batches in memory, by processor time ${within(({ ofProcessor }) => ofProcessor)}.`,
  ];
}

/** A step of a stage, in milliseconds. */
function besideMemory({ steps, inMemory }: BesideMemory, stage: number) {
  const ofStage = (all: readonly TimedStep[]) => all.filter((one) => one.stage === stage);
  const median = (all: readonly TimedStep[]) => figures(ofStage(all).map(({ ms }) => ms)).median;
  const used = (all: readonly TimedStep[]) =>
    mean(
      ofStage(all)
        .slice(1)
        .map(({ processorMs, waitedMs }) => processorMs + waitedMs),
    );
  const training = median(steps);
  const memory = inMemory.map((replayed) => median(replayed.steps));
  return {
    training,
    inMemory: memory,
    ratio: training / mean(memory),
    ofProcessor: used(steps) / mean(inMemory.map((replayed) => used(replayed.steps))),
  };
}
