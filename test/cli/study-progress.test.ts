import test from "ava";
import { studyLines } from "../../cli/study/study-progress.js";

test("a log of a study has a line for a run that starts and ends, and shows life when nothing was said for half a minute", (t) => {
  const lines: string[] = [];
  let ms = 0;
  const progress = studyLines(
    (line) => lines.push(line),
    () => ms,
  );
  const whole = { runs: 4, secondsLeft: 120 };
  progress.show({ ...whole, kind: "started", run: "a", goesOn: false, trainer: "own", done: 0 });
  progress.show({ ...whole, kind: "step", run: "a", stepsTaken: 1, steps: 24, done: 0 });
  ms = 31_000;
  progress.show({ ...whole, kind: "step", run: "a", stepsTaken: 12, steps: 24, done: 0 });
  progress.show({ ...whole, kind: "ended", run: "a", outcome: "finished", meanDice: 0.8612, done: 1 });
  progress.show({ runs: 4, kind: "started", run: "b", goesOn: true, trainer: "own", done: 1 });
  progress.show({
    runs: 4,
    kind: "ended",
    run: "b",
    outcome: "diverged",
    meanDice: 0,
    message: "the loss is NaN",
    done: 2,
  });
  t.deepEqual(
    lines.join(""),
    [
      "a: starts\n",
      "a: step 12 of 24 (0 of 4 runs done, 2 min left)\n",
      "a: Dice 0.861 (1 of 4 runs done, 2 min left)\n",
      "b: goes on\n",
      "b: diverged: the loss is NaN (2 of 4 runs done)\n",
    ].join(""),
  );
});
