import test from "ava";
import fc from "fast-check";
import {
  checkAddress,
  checkStage,
  checkStep,
  scheduledStageOf,
  stageOf,
  stagesOf,
  stepsOf,
} from "../../../plan/batch/timeline.js";
import { PatchstreamError } from "../../../plan/errors.js";
import type { ResolvedSpec } from "../../../plan/run-spec/resolved-spec.js";
import { threeStages } from "../six-cases.js";

/** Runs of one to six stages, all of them smaller than the plan's patch and batch. */
const runs: fc.Arbitrary<ResolvedSpec> = fc
  .record({
    epochs: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
    stepsPerEpoch: fc.double({ min: 1, max: 20, noNaN: true }),
    valSteps: fc.nat(9),
    stageOrder: fc.constantFrom("scheduled" as const, "random" as const),
  })
  .map(({ epochs, ...run }) => ({
    ...threeStages,
    ...run,
    plan: { ...threeStages.plan, patchSize: [64, 72, 80], batchSize: 9 },
    stages: epochs.map((count, index) => ({
      patchSize: [8 + index, 8, 8],
      batchSize: 10 + index,
      epochs: count,
      foregroundFraction: 0.5,
    })),
    epochs: epochs.reduce((sum, count) => sum + count, 0),
  }));

const refusal = (t: { throws: (act: () => void, expected: object) => PatchstreamError }, act: () => void) =>
  t.throws(act, { instanceOf: PatchstreamError }).facts;

test("val has valSteps steps an epoch, all of one stage: the last number, with the plan's patch, batch and share", (t) => {
  fc.assert(
    fc.property(runs, (spec) => {
      const steps = stepsOf(spec, "val");
      t.is(steps, spec.epochs * spec.valSteps);
      const last = spec.stages.length - 1;
      t.deepEqual(stagesOf(spec, "val"), { first: last, last });
      for (let step = 0; step < steps; step++) t.is(scheduledStageOf(spec, "val", step), last);
      const { patchSize, batchSize } = spec.plan;
      t.deepEqual(stageOf(spec, "val", last), { patchSize, batchSize, epochs: spec.epochs, foregroundFraction: 0.33 });
    }),
  );
});

test("train has the curriculum's stages, and every step one of them", (t) => {
  fc.assert(
    fc.property(runs, (spec) => {
      const { first, last } = stagesOf(spec, "train");
      t.deepEqual([first, last], [0, spec.stages.length - 1]);
      for (const [index, stage] of spec.stages.entries()) t.deepEqual(stageOf(spec, "train", index), stage);
      const drawn = Array.from({ length: stepsOf(spec, "train") }, (_, step) => scheduledStageOf(spec, "train", step));
      t.true(drawn.every((stage) => stage >= first && stage <= last));
      if (spec.stageOrder === "random") return;
      t.deepEqual([drawn[0], drawn.at(-1)], [first, last]);
      t.deepEqual(
        drawn,
        drawn.toSorted((a, b) => a - b),
      );
    }),
  );
});

test("the steps and stages of a timeline exist, the ones beyond its ends do not", (t) => {
  fc.assert(
    fc.property(runs, fc.constantFrom("train" as const, "val" as const), (spec, timeline) => {
      const steps = stepsOf(spec, timeline);
      const { first, last } = stagesOf(spec, timeline);
      for (let step = 0; step < steps; step++) checkStep(spec, timeline, step);
      for (let stage = first; stage <= last; stage++) checkStage(spec, timeline, stage);
      for (const step of [-1, steps, 0.5])
        t.deepEqual(
          refusal(t, () => checkStep(spec, timeline, step)),
          { code: "STEP_UNKNOWN", timeline, step, steps },
        );
      for (const stage of [first - 1, last + 1, first + 0.5]) {
        const facts = { code: "STAGE_UNKNOWN", timeline, stage, first, last };
        t.deepEqual(
          refusal(t, () => checkStage(spec, timeline, stage)),
          facts,
        );
      }
      if (steps === 0) return;
      checkAddress(spec, { timeline, step: steps - 1, stage: last });
      t.like(
        refusal(t, () => checkAddress(spec, { timeline, step: steps, stage: last })),
        { code: "STEP_UNKNOWN" },
      );
      t.like(
        refusal(t, () => checkAddress(spec, { timeline, step: 0, stage: last + 1 })),
        { code: "STAGE_UNKNOWN" },
      );
    }),
  );
});
