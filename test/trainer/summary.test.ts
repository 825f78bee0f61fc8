import test from "ava";
import { mirroringWarning } from "../../trainer/loop/mirroring-warning.js";
import type { TrainingEvent } from "../../trainer/run-folder/events.js";
import { SummaryTally } from "../../trainer/summary.js";

const opened = (firstStep: number, flops: readonly number[] = []): TrainingEvent => {
  const stages = flops.map((of, index) => ({
    patchSize: [8, 8, 8 + index],
    batchSize: 2,
    fromStep: 3 * index,
    flops: of,
  }));
  return {
    kind: "opened",
    opened: { digest: "", dataset: "d", firstStep, steps: 9, epochs: 3, stages, engine: "onnx", parameters: 1 },
  };
};
const stage = (number: number, fromStep: number): TrainingEvent => ({
  kind: "stage",
  stage: { stage: number, fromStep, reason: "scheduled", patchSize: [8, 8, 8 + number], batchSize: 4 - number },
});
const step = (number: number, waitedMs: number, stepMs: number, loss: number): TrainingEvent => ({
  kind: "step",
  step: {
    step: number,
    stage: 0,
    epoch: 0,
    loss,
    crossEntropy: 0,
    dice: 0,
    gradientNorm: 1,
    learningRate: 0.1,
    waitedMs,
    stepMs,
    batchBytes: 1,
    checksum: 0,
  },
});

const epochEnd = (smoothedPseudoDice: number): TrainingEvent => ({
  kind: "epoch",
  epoch: {
    ...{ epoch: 0, stepsTaken: 4, loss: 0.2, pseudoDice: [], smoothedPseudoDice, best: true, learningRate: 0.1 },
    ...{ samples: 15, trainSeconds: 2, waitedSeconds: 1, validationSeconds: 1, secondsLeft: 0 },
  },
});

test("waiting is counted by stage, the first batch of each opened run apart", (t) => {
  const tally = new SummaryTally();
  const events = [
    opened(0),
    stage(0, 0),
    step(0, 900, 100, 1),
    step(1, 10, 190, 0.5),
    opened(2),
    stage(0, 2),
    step(2, 700, 100, 0.3),
    stage(1, 3),
    step(3, 25, 75, 0.2),
    epochEnd(0.75),
  ];
  for (const event of events) tally.add(event);
  t.deepEqual(tally.summary, {
    stages: [
      {
        ...{ stage: 0, patchSize: [8, 8, 8], batchSize: 4, steps: 3, seconds: 0.4, waitingShare: 0.025 },
        ...{ samplesPerSecond: 30, loss: 0.6, flops: 0 },
      },
      {
        ...{ stage: 1, patchSize: [8, 8, 9], batchSize: 3, steps: 1, seconds: 0.1, waitingShare: 0.25 },
        ...{ samplesPerSecond: 30, loss: 0.2, flops: 0, pseudoDice: 0.75 },
      },
    ],
    steps: 4,
    seconds: 0.5,
    flops: 0,
    warmUpMs: 1600,
    cases: [],
    classes: [],
  });
});

test("what a curriculum costs is told as a share of as many steps of its last stage", (t) => {
  const tally = new SummaryTally();
  const events = [
    opened(0, [100, 400]),
    stage(0, 0),
    step(0, 500, 100, 1),
    step(1, 0, 100, 1),
    step(2, 0, 100, 1),
    stage(1, 3),
    step(3, 0, 300, 1),
  ];
  for (const event of events) tally.add(event);
  t.is(tally.summary.flops, 700);
  // 700 of 4 x 400; 0.6 s of 4 x 0.3 s.
  t.deepEqual(tally.summary.relative, { flops: 700 / 1600, seconds: 0.6 / (4 * 0.3) });
});

test("mirroring is warned of where label names hold a direction, and only there", (t) => {
  const mirror = [{ kind: "mirror", axes: [0, 1, 2] }] as const;
  const text = mirroringWarning(mirror, { background: 0, Anterior: 1, kidney_left: 2, tumour: 3 })?.text;
  t.regex(text ?? "", /\(Anterior, kidney_left\)/);
  t.is(mirroringWarning([], { background: 0, Anterior: 1 }), undefined);
  t.is(mirroringWarning(mirror, { background: 0, liver: 1 }), undefined);
});
