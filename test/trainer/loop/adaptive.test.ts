import test from "ava";
import { plateauAfter, whyAdvance } from "../../../trainer/loop/adaptive.js";
import type { Plateau } from "../../../trainer/run-folder/progress.js";

const CONTROL = { kind: "adaptive", leastEpochs: 1, mostEpochs: 100, patience: 3, minDelta: 0.01 } as const;

/** The plateau after epochs of one stage with these moving averages. */
function after(dices: readonly (number | undefined)[], stage = 0, before?: Plateau): Plateau {
  const minDelta = CONTROL.minDelta;
  const last = dices.reduce<Plateau | undefined>(
    (plateau, dice) => plateauAfter(plateau, { stage, dice, minDelta }),
    before,
  );
  return last ?? { stage, epochs: 0, epochsSince: 0 };
}

test("a stage is advanced after as many epochs without a rise as the patience has", (t) => {
  t.is(whyAdvance(after([0.1, 0.2, 0.2, 0.2]), CONTROL), undefined);
  t.is(
    whyAdvance(after([0.1, 0.2, 0.2, 0.2, 0.1]), CONTROL),
    "for 3 epochs the smoothed pseudo Dice has not risen by more than 0.01 above 0.2000",
  );
});

test("less than minDelta is no rise, however often it comes; more than it begins the count again", (t) => {
  t.truthy(whyAdvance(after([0.2, 0.205, 0.207, 0.21]), CONTROL));
  t.is(whyAdvance(after([0.2, 0.205, 0.2101, 0.211]), CONTROL), undefined);
});

test("not before leastEpochs, and at the latest after mostEpochs", (t) => {
  const flat = after([0.2, 0.2, 0.2, 0.2]);
  t.is(whyAdvance(flat, { ...CONTROL, leastEpochs: 5 }), undefined);
  t.truthy(whyAdvance(flat, { ...CONTROL, leastEpochs: 4 }));
  const rising = after([0.1, 0.2, 0.3]);
  t.is(whyAdvance(rising, { ...CONTROL, mostEpochs: 4 }), undefined);
  t.is(whyAdvance(rising, { ...CONTROL, mostEpochs: 3 }), "its 3 epochs are over");
});

test("another stage begins to count anew: its first epoch is a rise, also below the stage before", (t) => {
  const before = after([0.5, 0.5, 0.5, 0.5]);
  t.deepEqual(after([0.4, 0.4], 1, before), { stage: 1, epochs: 2, highest: 0.4, epochsSince: 1 });
});

test("epochs without any pseudo Dice are epochs without a rise", (t) => {
  t.is(whyAdvance(after([undefined, undefined, undefined]), CONTROL), "for 3 epochs there was no pseudo Dice");
});
