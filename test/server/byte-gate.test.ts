import test from "ava";
import fc from "fast-check";
import { ByteGate } from "../../loader/server/byte-gate.js";

/** A signal that never aborts. */
const never = () => new AbortController().signal;

/** Lets everything that could go on do so. */
const settled = () => new Promise(setImmediate);

test("what does not fit waits for what is inside to leave, in order", async (t) => {
  t.timeout(60_000);
  const gate = new ByteGate(100);
  const entered: string[] = [];
  const enter = (name: string, bytes: number) =>
    gate.enter(bytes, never()).then((leave) => {
      entered.push(name);
      return leave;
    });
  const first = await enter("first", 60);
  const large = enter("large", 90);
  const small = enter("small", 10);
  await settled();
  t.deepEqual(entered, ["first"]);
  first();
  const leaveLarge = await large;
  await small;
  t.deepEqual(entered, ["first", "large", "small"]);
  const next = enter("next", 20);
  await settled();
  t.is(entered.length, 3);
  leaveLarge();
  await next;
  t.is(entered.length, 4);
});

test("more than the budget goes through alone", async (t) => {
  t.timeout(60_000);
  const gate = new ByteGate(100);
  const leave = await gate.enter(1_000, never());
  let isInside = false;
  const next = gate.enter(1, never()).then(() => {
    isInside = true;
  });
  await settled();
  t.false(isInside);
  leave();
  await next;
  t.true(isInside);
});

test("whoever gives up lets the next one in", async (t) => {
  t.timeout(60_000);
  const gate = new ByteGate(100);
  const leave = await gate.enter(50, never());
  const stop = new AbortController();
  const waiting = gate.enter(90, stop.signal);
  const next = gate.enter(50, never());
  stop.abort(new Error("not wanted any more"));
  await t.throwsAsync(waiting, { message: "not wanted any more" });
  await next;
  leave();
});

test("whatever comes and goes, the bytes inside stay within the budget, and all get in", async (t) => {
  t.timeout(60_000);
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 40 }), async (sizes, budget) => {
      const gate = new ByteGate(budget);
      let [inside, bytes, most] = [0, 0, 0];
      await Promise.all(
        sizes.map(async (size) => {
          const leave = await gate.enter(size, never());
          inside++;
          bytes += size;
          if (inside > 1) most = Math.max(most, bytes);
          await settled();
          inside--;
          bytes -= size;
          leave();
        }),
      );
      t.true(most <= budget, `${most} bytes were inside of ${budget}`);
    }),
    { numRuns: 50 },
  );
});
