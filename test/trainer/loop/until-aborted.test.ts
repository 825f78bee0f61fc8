import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import test from "ava";
import { untilAborted } from "../../../trainer/loop/until-aborted.js";

async function* count(to: number): AsyncGenerator<number> {
  for (let i = 0; i < to; i++) yield i;
}

test("many steps leave no memory and no listener behind", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const stop = new AbortController();
  const steps = 50_000;
  let before = 0;
  let listeners = 0;
  for await (const i of untilAborted(count(steps), stop.signal)) {
    listeners = Math.max(listeners, getEventListeners(stop.signal, "abort").length);
    if (i !== 1000) continue;
    collect();
    before = process.memoryUsage().heapUsed;
  }
  collect();
  // What was kept before came to 1.1 kB a step.
  t.true((process.memoryUsage().heapUsed - before) / steps < 50);
  t.true(listeners <= 1);
  t.is(getEventListeners(stop.signal, "abort").length, 0);
});

test("an abort ends it, also while it waits for something that never comes", async (t) => {
  const stop = new AbortController();
  const never: AsyncIterator<number> = { next: () => new Promise(() => undefined) };
  const waiting = untilAborted(never, stop.signal).next();
  stop.abort();
  t.true((await waiting).done);
  t.true((await untilAborted(count(3), stop.signal).next()).done);
});

test("what comes is handed on in order, and a failure too", async (t) => {
  const { signal } = new AbortController();
  const got: number[] = [];
  for await (const i of untilAborted(count(4), signal)) got.push(i);
  t.deepEqual(got, [0, 1, 2, 3]);
  const failing: AsyncIterator<number> = { next: () => Promise.reject(new Error("gone")) };
  await t.throwsAsync(untilAborted(failing, signal).next(), { message: "gone" });
});
