import test from "ava";
import fc from "fast-check";
import { StageTimeline, scheduleOf } from "../../../plan/batch/stage-timeline.js";
import type { ResolvedSpec } from "../../../plan/index.js";
import { stepsLeft, stepsTaken } from "../../../trainer/loop/steps-by-stage.js";
import { tinySpec } from "../tiny-spec.js";

function spec(stageEpochs: readonly number[], stepsPerEpoch: number, stageOrder: "scheduled" | "random"): ResolvedSpec {
  const size = { patchSize: [8, 8, 8], batchSize: 2, foregroundFraction: 0.33 } as const;
  return {
    ...tinySpec,
    stages: stageEpochs.map((epochs) => ({ ...size, epochs })),
    stageOrder,
    epochs: stageEpochs.reduce((sum, epochs) => sum + epochs, 0),
    stepsPerEpoch,
    valSteps: 0,
  };
}

const byStage = (steps: readonly { stage: number; steps: number }[]) =>
  new Map(steps.filter((one) => one.steps > 0).map((one) => [one.stage, one.steps]));

test("the steps that are left are those that are counted one by one, whatever the schedule and whatever was decided", (t) => {
  const decision = fc.record({
    stage: fc.nat(2),
    fromStep: fc.nat(40),
    reason: fc.constant("manual"),
    hold: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(0.5, 1, 2.5, 4),
      fc.array(decision, { maxLength: 4 }),
      fc.nat(30),
      (stages, stepsPerEpoch, decisions, from) => {
        const run = spec(stages, stepsPerEpoch, "scheduled");
        const to = Math.floor(run.epochs * stepsPerEpoch);
        const timeline = new StageTimeline(scheduleOf(run, "train"), decisions);
        const start = Math.min(from, to);
        t.deepEqual(byStage(stepsLeft(start, timeline, run)), byStage(stepsTaken(start, to, timeline, run)));
      },
    ),
  );
});

test("where the stage of each step is drawn, as many of each are left, until one is decided", (t) => {
  const run = spec([2, 2], 10, "random");
  const decisions = [{ stage: 1, fromStep: 20, reason: "manual", hold: false }];
  const timeline = new StageTimeline(scheduleOf(run, "train"), decisions);
  t.deepEqual(
    byStage(stepsLeft(10, timeline, run)),
    new Map([
      [0, 5],
      [1, 25],
    ]),
  );
});
