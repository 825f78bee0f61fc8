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
  at(20, 1, 0.2);
  at(29, 1, 0.29);
  at(31, 1, 0.31);
  at(60, 1, 0.6);
  progress.say("b: 100.0 s");
  at(100, 2, 0);
  at(150, 2, 0.5);
  at(9000, 2, 0.5);
  t.deepEqual(lines, [
    "b (2 of 4): 31 %, 4 min left\n",
    "b: 100.0 s\n",
    "c (3 of 4): 0 %, 3 min left\n",
    "c (3 of 4): 50 %, 3 min left\n",
    "c (3 of 4): 50 %, 2.5 h left\n",
  ]);
});
