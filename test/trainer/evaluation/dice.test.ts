import test from "ava";
import fc from "fast-check";
import { diceOfCase, summarizeDice } from "../../../trainer/evaluation/dice.js";

test("Dice is 2tp / (2tp + fp + fn), counted voxel by voxel", (t) => {
  const labels = fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(labels, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (reference, stream) => {
      const predicted = [...stream.take(reference.length)];
      for (const [i, dice] of diceOfCase(predicted, reference, [1, 2, 3]).entries()) {
        const value = i + 1;
        const tp = predicted.filter((p, voxel) => p === value && reference[voxel] === value).length;
        const fp = predicted.filter((p, voxel) => p === value && reference[voxel] !== value).length;
        const fn = predicted.filter((p, voxel) => p !== value && reference[voxel] === value).length;
        t.is(dice, tp + fp + fn === 0 ? undefined : (2 * tp) / (2 * tp + fp + fn));
      }
    }),
  );
});

test("a class that neither labelling holds is left out of the means; one that only one holds counts 0", (t) => {
  const first = diceOfCase([0, 1, 1, 0], [0, 1, 0, 0], [1, 2]);
  const second = diceOfCase([0, 1, 0, 0], [0, 1, 2, 0], [1, 2]);
  t.deepEqual(first, [2 / 3, undefined]);
  t.deepEqual(second, [1, 0]);
  t.deepEqual(summarizeDice([first, second], 2), { perClass: [(2 / 3 + 1) / 2, 0], mean: (2 / 3 + 1) / 4 });
  t.deepEqual(summarizeDice([[undefined, 0.5]], 2), { perClass: [undefined, 0.5], mean: 0.5 });
  t.deepEqual(summarizeDice([], 2), { perClass: [undefined, undefined], mean: undefined });
});

test("labellings of different grids are not compared", (t) => {
  t.throws(() => diceOfCase([0], [0, 1], [1]), { instanceOf: RangeError });
});
