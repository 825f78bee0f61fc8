import test from "ava";
import { progressLines } from "../../cli/train/training-progress.js";
import type { TrainingEvent } from "../../trainer/index.js";

const opened: TrainingEvent = {
  kind: "opened",
  opened: {
    digest: "0",
    dataset: "Phantoms",
    firstStep: 0,
    steps: 100,
    epochs: 10,
    stages: [],
    engine: "onnx",
    parameters: 12,
  },
};

function step(number: number): TrainingEvent {
  const figures = { crossEntropy: 0, dice: 0, gradientNorm: 0, learningRate: 0, waitedMs: 0, stepMs: 0 };
  return {
    kind: "step",
    step: { step: number, stage: 3, epoch: 0, loss: 0.25, ...figures, batchBytes: 0, checksum: 0 },
  };
}

/** The lines of a training whose events come at these seconds. */
function linesOf(events: readonly (readonly [seconds: number, event: TrainingEvent])[]): string[] {
  const lines: string[] = [];
  let nowMs = 0;
  const progress = progressLines(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (const [seconds, event] of events) {
    nowMs = 1e3 * seconds;
    progress.show(event);
  }
  return lines;
}

test("steps are a line where a log was silent for half a minute, and no other ones", (t) => {
  const steps = Array.from({ length: 100 }, (_, number) => [number + 1, step(number)] as const);
  const [first, ...rest] = linesOf([[0, opened], ...steps]);
  t.regex(first as string, /^Phantoms: steps 0 to 99, /);
  t.deepEqual(rest, [
    "step 29: stage 3, loss 0.250 (30 of 100 steps taken)\n",
    "step 59: stage 3, loss 0.250 (60 of 100 steps taken)\n",
    "step 89: stage 3, loss 0.250 (90 of 100 steps taken)\n",
  ]);
});

test("whoever begins to watch late is not told every step of before", (t) => {
  const past = Array.from({ length: 100 }, (_, number) => [0, step(number)] as const);
  t.is(linesOf([[0, opened], ...past]).length, 1);
});

test("steps that take longer than half a minute are a line each", (t) => {
  t.is(
    linesOf([
      [0, opened],
      [40, step(0)],
      [80, step(1)],
    ]).length,
    3,
  );
});
