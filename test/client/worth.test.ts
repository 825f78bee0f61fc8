import test from "ava";
import { finishTimes, Worth } from "../../client/transport/worth.js";

function clockAt(ms: number) {
  const clock = { ms, now: () => clock.ms, after: () => () => {} };
  return clock;
}

test("a replica that takes twice as long gets every third batch", (t) => {
  const owed = [0, 0];
  const msPerByte = [1, 2];
  const got = [0, 0];
  for (let batch = 0; batch < 9; batch++) {
    const times = finishTimes(owed.map((bytes, index) => ({ bytes: bytes + 10, msPerByte: msPerByte[index] })));
    const first = times.indexOf(Math.min(...times));
    owed[first] = (owed[first] ?? 0) + 10;
    got[first] = (got[first] ?? 0) + 1;
  }
  t.deepEqual(got, [6, 3]);
});

test("one that was not measured counts as the best of the others, and all by their bytes where none was", (t) => {
  t.deepEqual(
    finishTimes([
      { bytes: 10, msPerByte: 3 },
      { bytes: 10, msPerByte: undefined },
      { bytes: 10, msPerByte: 2 },
    ]),
    [30, 20, 20],
  );
  t.deepEqual(
    finishTimes([
      { bytes: 20, msPerByte: undefined },
      { bytes: 10, msPerByte: undefined },
    ]),
    [20, 10],
  );
});

test("of the latest batches the middle one counts, from the fourth on, and none when all are old", (t) => {
  const clock = clockAt(0);
  const worth = new Worth(clock);
  for (const ms of [900, 20, 30]) worth.took(ms, 10);
  t.is(worth.msPerByte, undefined);
  worth.took(20, 10);
  t.is(worth.msPerByte, 3);
  for (let batch = 0; batch < 9; batch++) worth.took(50, 10);
  t.is(worth.msPerByte, 5);
  clock.ms = 10_000;
  t.is(worth.msPerByte, undefined);
  worth.took(70, 10);
  t.is(worth.msPerByte, undefined, "what is old does not count with what is new");
});
