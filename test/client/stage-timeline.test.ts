import test from "ava";
import fc from "fast-check";
import { decide, StageTimeline } from "../../client/transport/stage-timeline.js";
import type { PatchstreamError } from "../../plan/errors.js";

const shape = { stages: 3, hasStage: (stage: number) => [0, 1, 2].includes(stage) };
const bounds = { shape, firstUndelivered: 10, firstUnwanted: 14 };

test("a stage holds from the latest decision that covers a step, and the schedule where none does", (t) => {
  const decision = fc.record({ stage: fc.nat(5), fromStep: fc.nat(20), reason: fc.constant("") });
  fc.assert(
    fc.property(fc.array(decision), fc.array(decision), fc.nat(25), (replayed, made, step) => {
      const timeline = new StageTimeline((at) => at % 3, replayed);
      for (const one of made) timeline.add(one);
      let expected = step % 3;
      for (const { stage, fromStep } of [...replayed, ...made]) if (fromStep <= step) expected = stage;
      return timeline.stageOf(step) === expected;
    }),
  );
  t.pass();
});

test("a change begins at the first step not wanted, or not delivered when it is immediate, or where it says", (t) => {
  const reason = "plateau";
  t.is(decide({ stage: 1, reason }, bounds).fromStep, 14);
  t.is(decide({ stage: 1, reason, fromStep: "immediate" }, bounds).fromStep, 10);
  for (const fromStep of [10, 12, 99]) t.is(decide({ stage: 1, reason, fromStep }, bounds).fromStep, fromStep);
});

test("a delivered step, a stage that is not there and a step that is none are refused by name", (t) => {
  const refusal = (change: { stage: number; fromStep?: number }) =>
    t.throws<PatchstreamError>(() => decide({ reason: "", ...change }, bounds))?.facts;
  t.deepEqual(refusal({ stage: 1, fromStep: 9 }), { code: "STEP_PASSED", step: 9, delivered: 9 });
  for (const stage of [-1, 3, 0.5]) t.deepEqual(refusal({ stage }), { code: "STAGE_UNKNOWN", stage, stages: 3 });
  t.like(refusal({ stage: 1, fromStep: 11.5 }), { code: "REQUEST_INVALID", field: "fromStep", got: 11.5 });
  t.throws(() => decide({ stage: 1, reason: "x".repeat(201) }, bounds), { message: /reason is "201 characters"/ });
});
