import { sum } from "simple-statistics";
import { figures, ratios } from "../figures.js";
import type { TrainedMode } from "./train.js";

/** What a stage may take beside the same steps on batches in memory. */
const MOST = 1.02;

interface Pair {
  readonly stage: number;
  readonly trainingMs: number;
  readonly inMemoryMs: number;
}

/** Every step but each stage's first, which makes what its size needs, and comes after the end of an epoch. */
function pairs({ stages, steps }: TrainedMode): Pair[] {
  return steps.flatMap(({ trainingMs, inMemoryMs }, step) => {
    const stage = stages[step] as number;
    return trainingMs === undefined || stages.indexOf(stage) === step ? [] : [{ stage, trainingMs, inMemoryMs }];
  });
}

function ratioOfSums(of: readonly Pair[]): number {
  return sum(of.map(({ trainingMs }) => trainingMs)) / sum(of.map(({ inMemoryMs }) => inMemoryMs));
}

/** Each stage of each mode, and each mode as a whole, beside the same steps on batches in memory. */
export function stagesTable(rows: readonly TrainedMode[]): string[] {
  const measured = rows.map((row) => ({ ...row, pairs: pairs(row) }));
  const stages = measured.flatMap(({ mode, summary, pairs }) =>
    [...summary.stages]
      .sort((one, other) => one.stage - other.stage) // drawn at random, they come in another order
      .map((stage) => {
        const ofStage = pairs.filter((pair) => pair.stage === stage.stage);
        const [training, inMemory] = (["trainingMs", "inMemoryMs"] as const).map((name) =>
          ofStage.map((pair) => pair[name]),
        ) as [number[], number[]];
        return { mode, ...stage, training, inMemory, ratio: ratios(training, inMemory) };
      })
      .filter(({ ratio }) => ratio.n > 0),
  );
  const within = stages.filter(({ ratio }) => ratio.median <= MOST).length;
  return [
    "| mode | steps | all steps / the same on batches in memory |",
    "|---|---|---|",
    ...measured.map(({ mode, pairs }) => `| ${mode} | ${pairs.length} | ${ratioOfSums(pairs).toFixed(3)} |`),
    "",
    "| mode | stage | patch | batch | steps | in memory: ms a step | training: ms a step | ratio, pair by pair (5 to 95 %) |",
    "|---|---|---|---|---|---|---|---|",
    ...stages.map(({ mode, stage, patchSize, batchSize, training, inMemory, ratio: { n, median, p5, p95 } }) => {
      const [memoryMs, trainingMs] = [inMemory, training].map((ms) => figures(ms).median.toFixed(1));
      const ratio = `${median.toFixed(3)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`;
      return `| ${[mode, stage, patchSize.join("x"), batchSize, n, memoryMs, trainingMs, ratio].join(" | ")} |`;
    }),
    "",
    `Of ${stages.length} stages ${within} take at most ${MOST} x the same steps on batches in memory.`,
  ];
}
