import test from "ava";
import { TrainerPace } from "../../client/transport/pace.js";

/** A trainer of a clock of its own: it waits, and takes steps. */
function trainer(credit = 8) {
  const clock = { ms: 0, now: () => clock.ms, after: () => () => {} };
  const pace = new TrainerPace(clock, credit);
  return {
    pace,
    step(waitMs: number, stepMs: number, servedMs?: number) {
      pace.asked();
      clock.ms += waitMs;
      pace.served(servedMs === undefined ? undefined : 1e3 * servedMs);
      pace.got();
      clock.ms += stepMs;
    },
  };
}

test("a trainer tells how long its steps are, how long it waits, and how long the servers take, once a second", (t) => {
  const { pace, step } = trainer();
  t.is(pace.due(), undefined);
  for (let index = 0; index < 11; index++) step(20, 80, 40);
  t.deepEqual(pace.due(), { stepUs: 80_000, waitedUs: 22_000, servedUs: 40_000 }); // eleven waits, ten whole steps
  t.is(pace.due(), undefined);
});

test("validation and checkpoints are no steps, and steps that have become longer are", (t) => {
  const { pace, step } = trainer();
  for (let index = 0; index < 50; index++) step(0, 20, 10);
  step(0, 60_000, 10);
  for (let index = 0; index < 50; index++) step(0, 20, 10);
  t.is(pace.due()?.stepUs, 20_000);
  for (let index = 0; index < 200; index++) step(0, 300, 10);
  t.is(pace.due()?.stepUs, Math.round(1e3 * ((20 + 199 * 300) / 200)));
});

test("a trainer that takes batches as fast as they come needs no more servers than it wants batches ahead", (t) => {
  const { pace, step } = trainer(4);
  for (let index = 0; index < 100; index++) step(20, 0, 20);
  const told = pace.due();
  t.is((told?.servedUs ?? 0) / (told?.stepUs ?? 1), 4);
});

test("nothing is told of servers that do not say what their time is", (t) => {
  const { pace, step } = trainer();
  for (let index = 0; index < 100; index++) step(0, 20);
  t.is(pace.due(), undefined);
});
