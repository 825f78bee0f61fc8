import test from "ava";
import { progressLines } from "../../cli/predict/label-progress.js";

test("a log has a line each half minute at most, with the time that is left over all images", (t) => {
  let nowMs = 1000;
  const lines: string[] = [];
  const progress = progressLines(
    (line) => lines.push(line),
    () => nowMs,
  );
  const at = (seconds: number, done: number, share: number) => {
    nowMs = 1000 + 1000 * seconds;
    progress.show({ id: done < 2 ? "b" : "c", done, total: 4, share });
  };
  at(0, 1, 0);
  at(29, 1, 0); // reading
  at(40, 1, 0.1); // the first windows
  at(60, 1, 0.3);
  at(75, 1, 0.45);
  at(104, 1, 0.9);
  progress.say("b: 130.0 s");
  at(131, 2, 0);
  at(165, 2, 0.1);
  at(195, 2, 0.4);
  at(10_165, 2, 0.5);
  t.deepEqual(lines, [
    "b (2 of 4): 10 %\n",
    "b (2 of 4): 45 %, 5 min left\n", // 55 s of this one, and two of 130 s
    "b: 130.0 s\n",
    "c (3 of 4): 10 %\n",
    "c (3 of 4): 40 %, 3 min left\n", // 60 s, and one of 131 s
    "c (3 of 4): 50 %, 3 h 31 min left\n",
  ]);
});
