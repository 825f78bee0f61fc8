import test from "ava";
import fc from "fast-check";
import { secondsOf, stageCost, stepsFilling, stepsPerEpoch, stepsWithin } from "../../../cli/demo/step-budget.js";
import { PatchstreamError } from "../../../plan/index.js";

/** Whole ones: their sums are exact, so that the borders can be held to. */
const seconds = fc.integer({ min: 1, max: 50 });
const costs = fc.array(fc.record({ first: seconds, next: seconds }), { minLength: 1, maxLength: 20 });

test("a stage's cost is its first step and the median of the others", (t) => {
  t.deepEqual(stageCost([9, 1, 100]), { first: 9, next: 50.5 });
  t.deepEqual(stageCost([9, 3, 1, 2]), { first: 9, next: 2 });
  t.deepEqual(stageCost([9, 1]), { first: 9, next: 1 });
});

test("the steps within a time take no longer, and one more would; those that fill it take it", (t) => {
  fc.assert(
    fc.property(costs, fc.integer({ min: 1, max: 600 }), (each, budget) => {
      if (secondsOf(each.length, each) > budget) {
        const error = t.throws(() => stepsWithin(budget, each), { instanceOf: PatchstreamError });
        t.is(error?.facts.code, "REQUEST_INVALID");
        t.is(stepsFilling(budget, each), each.length);
        return;
      }
      const within = stepsWithin(budget, each);
      t.true(secondsOf(within, each) <= budget * (1 + 1e-9));
      t.true(secondsOf(within + 1, each) >= budget * (1 - 1e-9));
      t.true(secondsOf(stepsFilling(budget, each), each) >= budget * (1 - 1e-9));
    }),
  );
});

test("a run with so many steps an epoch has exactly the steps in all", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 999 }), (steps, epochs) => {
      t.is(Math.floor(epochs * stepsPerEpoch(steps, epochs)), steps);
    }),
  );
});
