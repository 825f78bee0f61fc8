import test from "ava";
import { pseudoDice, smoothed } from "../../../trainer/loop/pseudo-dice.js";

const counts = (truePositive: number, falsePositive: number, falseNegative: number) => ({
  truePositive,
  falsePositive,
  falseNegative,
});
const ABSENT = counts(0, 0, 0);

test("the pseudo Dice is that of the counts of all batches together, not a mean of batches", (t) => {
  // 2 x 5 / (2 x 5 + 6 + 2); batch by batch it would be the mean of 8 / 8 and 2 / 10.
  const { perClass, mean } = pseudoDice([[counts(4, 0, 0)], [counts(1, 6, 2)]]);
  t.deepEqual(perClass, [10 / 18]);
  t.is(mean, 10 / 18);
});

test("a class that is nowhere has no Dice and does not count in the mean; without any there is no mean", (t) => {
  t.deepEqual(pseudoDice([[counts(1, 1, 0), ABSENT, counts(0, 3, 0)]]), {
    perClass: [2 / 3, undefined, 0],
    mean: 1 / 3,
  });
  t.deepEqual(pseudoDice([[ABSENT], [ABSENT]]), { perClass: [undefined], mean: undefined });
});

test("the moving average begins with the first value and takes a tenth of each further one", (t) => {
  t.is(smoothed(undefined, 0.5), 0.5);
  t.is(smoothed(0.5, 1), 0.5 * 0.9 + 0.1);
});
