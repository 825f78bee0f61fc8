import test from "ava";
import fc from "fast-check";
import { type Scheduled, scheduledStage, stepOfStage, totalSteps } from "../../plan/curriculum/schedule.js";

function scheduleOf(epochs: readonly number[], stepsPerEpoch: number, seed = 1): Scheduled {
  const stages = epochs.map((epochs) => ({
    patchSize: [8, 8, 8] as const,
    batchSize: 2,
    epochs,
    foregroundFraction: 0.5,
  }));
  return { stages, stageOrder: "scheduled", epochs: epochs.reduce((a, b) => a + b, 0), stepsPerEpoch, seed };
}

test("each step has the stage of its epoch, whose borders are floor(epoch x stepsPerEpoch)", (t) => {
  const epochs = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(epochs, fc.double({ min: 0.3, max: 20, noNaN: true }), (epochs, stepsPerEpoch) => {
      const schedule = scheduleOf(epochs, stepsPerEpoch);
      const stageOfEpoch = epochs.flatMap((count, stage) => Array<number>(count).fill(stage));
      const stages = stageOfEpoch.flatMap((stage, epoch) => {
        const steps = Math.floor((epoch + 1) * stepsPerEpoch) - Math.floor(epoch * stepsPerEpoch);
        return Array<number>(steps).fill(stage);
      });
      t.is(totalSteps(schedule), stages.length);
      t.deepEqual(
        stages.map((_, step) => scheduledStage(schedule, step)),
        stages,
      );
      for (const stage of new Set(stages)) t.is(stepOfStage(schedule, stage), stages.indexOf(stage));
    }),
  );
});

test("a training of 1 % has 2.5 steps an epoch", (t) => {
  const schedule = scheduleOf([1, 1, 2], 2.5);
  t.is(totalSteps(schedule), 10);
  t.deepEqual(
    [0, 1, 2].map((stage) => stepOfStage(schedule, stage)),
    [0, 2, 5],
  );
});

test("in random order the stage of a step is drawn from the seed, uniform over the stages", (t) => {
  const schedule: Scheduled = { ...scheduleOf([100, 100, 100, 100], 10), stageOrder: "random" };
  const drawn = Array.from({ length: totalSteps(schedule) }, (_, step) => scheduledStage(schedule, step));
  t.deepEqual(
    drawn,
    drawn.map((_, step) => scheduledStage(schedule, step)),
  );
  t.notDeepEqual(
    drawn,
    drawn.map((_, step) => scheduledStage({ ...schedule, seed: 2 }, step)),
  );
  for (const stage of [0, 1, 2, 3]) {
    const count = drawn.filter((one) => one === stage).length;
    t.true(Math.abs(count - 1000) < 4 * Math.sqrt(4000 * 0.25 * 0.75), `stage ${stage}: ${count}`);
  }
});
