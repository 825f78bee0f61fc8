import test from "ava";
import { StudyClock } from "../../study/runner/study-clock.js";

const sizes = new Map([
  ["a", 10],
  ["b", 30],
]);

test("before anything is done, what is left is the estimate", (t) => {
  t.is(new StudyClock(sizes, { estimatedSeconds: 40, nowMs: () => 0 }).secondsLeft, 40);
  t.is(new StudyClock(sizes, { estimatedSeconds: undefined, nowMs: () => 0 }).secondsLeft, undefined);
});

test("what is left follows what this session has taken, not the estimate", (t) => {
  let ms = 0;
  const clock = new StudyClock(sizes, { estimatedSeconds: 40, nowMs: () => ms });
  ms = 20_000;
  clock.done("a", 1);
  t.is(clock.secondsLeft, 60);
  clock.done("b", 1);
  t.is(clock.secondsLeft, 0);
});

test("what was done before this session does not make it look fast", (t) => {
  let ms = 0;
  const clock = new StudyClock(sizes, { estimatedSeconds: 40, nowMs: () => ms });
  clock.done("b", 0.5, true);
  ms = 10_000;
  clock.done("b", 5 / 6);
  t.is(clock.secondsLeft, 15);
});
