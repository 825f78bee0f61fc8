import test from "ava";
import { durationText } from "../../cli/duration-text.js";

test("a duration is told in the units that say something", (t) => {
  const told = [0, 0.4, 59, 99, 99.6, 720, 5969, 5999, 11_100, 172_700, 187_200].map(durationText);
  t.deepEqual(told, [
    ...["0 s", "0 s", "59 s", "99 s", "2 min", "12 min", "99 min", "1 h 40 min", "3 h 05 min"],
    ...["47 h 58 min", "2 d 4 h"],
  ]);
});
