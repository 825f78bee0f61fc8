import test from "ava";
import { decideStage } from "../../client/transport/decide-stage.js";
import type { PatchstreamError } from "../../plan/errors.js";

const progress = { firstUndelivered: 10, firstUnwanted: 14 };

test("a change begins at the first step not wanted, or not delivered when it is immediate, or where it says", (t) => {
  const reason = "plateau";
  t.is(decideStage({ stage: 1, reason }, progress).fromStep, 14);
  t.is(decideStage({ stage: 1, reason, fromStep: "immediate" }, progress).fromStep, 10);
  for (const fromStep of [10, 12, 99]) t.is(decideStage({ stage: 1, reason, fromStep }, progress).fromStep, fromStep);
});

test("a delivered step and a step that is none are refused by name", (t) => {
  const refusal = (change: { stage: number; fromStep?: number }) =>
    t.throws<PatchstreamError>(() => decideStage({ reason: "", ...change }, progress))?.facts;
  t.deepEqual(refusal({ stage: 1, fromStep: 9 }), { code: "STEP_PASSED", step: 9, delivered: 9 });
  t.like(refusal({ stage: 1, fromStep: 11.5 }), { code: "REQUEST_INVALID", field: "fromStep", got: 11.5 });
  t.throws(() => decideStage({ stage: 1, reason: "x".repeat(201) }, progress), {
    message: /reason is "201 characters"/,
  });
});
