import test from "ava";
import { slopeOf } from "./slope.js";

test("slope and standard error are those of R's lm on its data set cars (stopping distance over speed)", (t) => {
  const speed = [
    4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 16, 16, 17, 17,
    17, 18, 18, 18, 18, 19, 19, 19, 20, 20, 20, 20, 20, 22, 23, 24, 24, 24, 24, 25,
  ];
  const distance = [
    2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26, 54, 32, 40, 32,
    40, 50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85,
  ];
  const { perX, error } = slopeOf(speed.map((x, place) => [x, distance[place] as number]));
  t.is(perX.toFixed(4), "3.9324");
  t.is(error.toFixed(4), "0.4155");
});

test("points on a line have no error", (t) => {
  const { perX, error } = slopeOf([
    [0, 1],
    [1, 3],
    [2, 5],
  ]);
  t.is(perX, 2);
  t.is(error, 0);
});
