import test from "ava";
import { countLines } from "../../cli/count-progress.js";
import { paceOf } from "../../cli/pace-text.js";

test("a pace is the rate from the beginning, and the rest of the work at that rate", (t) => {
  let nowMs = 5000;
  const pace = paceOf("cases", () => nowMs);
  t.is(pace(0, 10), "");
  nowMs += 4000;
  t.is(pace(2, 10), "0.50 cases/s 16 s left");
  nowMs += 1000;
  t.is(pace(10, 10), "2.0 cases/s 0 s left");
  nowMs += 2000; // another pass
  t.is(pace(1, 10), "0.50 cases/s 18 s left");
});

test("a log of counting has a line each half minute at most", (t) => {
  let nowMs = 0;
  const lines: string[] = [];
  const { show } = countLines(
    { done: "counted", unit: "batches" },
    (line) => lines.push(line),
    () => nowMs,
  );
  for (let done = 1; done <= 100; done++) {
    nowMs += 1000;
    show(done, 300);
  }
  t.deepEqual(lines, [
    "counted 30 of 300 batches, 1.0 batches/s 5 min left\n",
    "counted 60 of 300 batches, 1.0 batches/s 4 min left\n",
    "counted 90 of 300 batches, 1.0 batches/s 4 min left\n",
  ]);
});
