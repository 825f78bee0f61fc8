import test from "ava";
import { progressLines } from "../../cli/train/training-progress.js";
import type { WatchedEvent } from "../../trainer/index.js";

const opened: WatchedEvent = {
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

/** A step of 80 ms on 16 samples, after 20 ms of waiting. */
function step(number: number): WatchedEvent {
  const figures = { crossEntropy: 0, dice: 0, gradientNorm: 0, learningRate: 0.01, waitedMs: 20, stepMs: 80 };
  const epoch = Math.floor(number / 10);
  return { kind: "step", step: { step: number, stage: 3, epoch, loss: 0.25, ...figures, batchBytes: 0, checksum: 0 } };
}

const stage: WatchedEvent = {
  kind: "stage",
  stage: { stage: 3, fromStep: 0, reason: "scheduled", patchSize: [8, 8, 8], batchSize: 16 },
};

/** The end of an epoch of ten steps. */
function epochEnd(epoch: number, best: boolean): WatchedEvent {
  const seconds = { trainSeconds: 1, waitedSeconds: 0.2, validationSeconds: 0.5, secondsLeft: 125 };
  const dice = { pseudoDice: [], meanPseudoDice: 0.6, smoothedPseudoDice: 0.5125 };
  return {
    kind: "epoch",
    epoch: {
      ...{ epoch, stepsTaken: 10 * (epoch + 1), loss: 0.125, learningRate: 0.0083, samples: 160, best },
      ...seconds,
      ...dice,
    },
  };
}

/** The lines of a training whose events come at these seconds. */
function linesOf(events: readonly (readonly [seconds: number, event: WatchedEvent])[]): string[] {
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

const FIGURES = "loss 0.250, lr 0.0100, 160 samples/s, waiting 20.0 %";

test("steps are a line where a log was silent for half a minute, and no other ones", (t) => {
  const steps = Array.from({ length: 100 }, (_, number) => [number + 1, step(number)] as const);
  const [first, second, ...rest] = linesOf([[0, opened], [0, stage], ...steps]);
  t.regex(first as string, /^Phantoms: steps 0 to 99, /);
  t.is(second, "step 0: stage 3, patch 8x8x8, batch 16 (scheduled)\n");
  t.deepEqual(rest, [
    `epoch 3 of 10, step 30 of 100, stage 3, ${FIGURES}\n`,
    `epoch 6 of 10, step 60 of 100, stage 3, ${FIGURES}\n`,
    `epoch 9 of 10, step 90 of 100, stage 3, ${FIGURES}\n`,
  ]);
});

test("an epoch that has ended is a line, with its loss, its pseudo Dice and the time left", (t) => {
  const steps = Array.from({ length: 20 }, (_, number) => [number, step(number)] as const);
  const lines = linesOf([
    [0, opened],
    [0, stage],
    ...steps.slice(0, 10),
    [9, epochEnd(0, true)],
    ...steps.slice(10),
    [19, epochEnd(1, false)],
  ]).slice(2);
  const rest = "pseudo Dice 0.512, lr 0.00830, 160 samples/s, waiting 20.0 %, 2 min left";
  t.deepEqual(lines, [
    `epoch 1 of 10, step 10 of 100, stage 3, loss 0.125, ${rest} (best)\n`,
    `epoch 2 of 10, step 20 of 100, stage 3, loss 0.125, ${rest}\n`,
  ]);
});

test("within an epoch the loss is the mean of its steps, and the time left goes down with them", (t) => {
  const lines = linesOf([
    [0, opened],
    [0, stage],
    [0, step(0)],
    [0, { ...epochEnd(0, false), kind: "epoch" } as WatchedEvent],
    ...Array.from({ length: 600 }, (_, number) => [0, step(number)] as const),
    [40, step(99)],
  ]);
  t.regex(lines.at(-1) ?? "", /loss 0\.250, .* 65 s left/);
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
