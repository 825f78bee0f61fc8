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

/** Each stage of each mode beside the same steps on batches in memory: medians of steps, since a stage's first step makes what it needs. */
export function stagesTable(rows: readonly BesideMemory[]): string[] {
  const stages = rows.flatMap((row) =>
    [...row.summary.stages]
      .sort((one, other) => one.stage - other.stage) // drawn at random, they come in another order
      .map((stage) => ({ ...stage, row, ...besideMemory(row, stage.stage) })),
  );
  const above = stages.filter(({ ratio }) => ratio > MOST).length;
  return [
    "| mode | stage | patch | batch | steps | in memory: ms a step (before, after) | training: ms a step, waiting included | ratio |",
    "|---|---|---|---|---|---|---|---|",
    ...stages.map(({ row, stage, patchSize, batchSize, steps, inMemory, training, ratio }) => {
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
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    `${stages.length - above} of ${stages.length} stages take at most ${MOST} x the same steps on batches in memory.`,
  ];
}

/** Median step of a stage, in milliseconds. */
function besideMemory({ steps, inMemory }: BesideMemory, stage: number) {
  const medianOf = (all: readonly TimedStep[]) =>
    figures(all.filter((one) => one.stage === stage).map(({ ms }) => ms)).median;
  const training = medianOf(steps);
  const memory = inMemory.map((replayed) => medianOf(replayed.steps));
  return { training, inMemory: memory, ratio: training / (memory.reduce((sum, ms) => sum + ms, 0) / memory.length) };
}
