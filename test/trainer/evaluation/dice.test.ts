import test from "ava";
import fc from "fast-check";
import { countLabels, diceOf } from "../../../trainer/evaluation/label-counts.js";
import { summarizeDice } from "../../../trainer/evaluation/mean-dice.js";
import { golden } from "../golden-losses.js";

const SINGLE = [[1], [2]];

/** Dice of each of `sets`; undefined where neither labelling has any of it. */
function diceOfCase(
  predicted: readonly number[],
  reference: readonly number[],
  sets: readonly (readonly number[])[],
  ignored?: number,
): (number | undefined)[] {
  const counts = countLabels(Uint8Array.from(predicted), Uint16Array.from(reference), sets, ignored);
  return counts.map(diceOf).map((dice) => (Number.isNaN(dice) ? undefined : dice));
}

test("Dice is 2tp / (2tp + fp + fn), counted voxel by voxel, without those of the ignore label", (t) => {
  const labels = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 60 });
  const set = fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 });
  const sets = fc.array(set, { minLength: 1, maxLength: 4 });
  const ignored = fc.constantFrom(undefined, 4);
  fc.assert(
    fc.property(labels, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), sets, ignored, (all, stream, of, ignore) => {
      const predictions = [...stream.take(all.length)];
      const voxels = all.flatMap((reference, i) => (reference === ignore ? [] : [[predictions[i] ?? 0, reference]]));
      for (const [i, dice] of diceOfCase(predictions, all, of, ignore).entries()) {
        const has = (value: number | undefined) => (of[i] as number[]).includes(value as number);
        const tp = voxels.filter(([p, r]) => has(p) && has(r)).length;
        const fp = voxels.filter(([p, r]) => has(p) && !has(r)).length;
        const fn = voxels.filter(([p, r]) => !has(p) && has(r)).length;
        t.is(dice, tp + fp + fn === 0 ? undefined : (2 * tp) / (2 * tp + fp + fn));
      }
    }),
  );
});

for (const { name, segmentation, label, regions = SINGLE, ignoreLabel, dice } of golden.cases) {
  test(`${name}: Dice of a case is nnU-Net's`, (t) => {
    const reference = label.slice(0, segmentation.length);
    const wanted = dice.map((one) => one ?? undefined);
    t.deepEqual(diceOfCase(segmentation, reference, regions, ignoreLabel), wanted);
  });
}

test("a class that neither labelling holds is left out of the means; one that only one holds counts 0", (t) => {
  const first = diceOfCase([0, 1, 1, 0], [0, 1, 0, 0], SINGLE);
  const second = diceOfCase([0, 1, 0, 0], [0, 1, 2, 0], SINGLE);
  t.deepEqual(first, [2 / 3, undefined]);
  t.deepEqual(second, [1, 0]);
  t.deepEqual(summarizeDice([first, second], 2), { perClass: [(2 / 3 + 1) / 2, 0], mean: (2 / 3 + 1) / 4 });
  t.deepEqual(summarizeDice([[undefined, 0.5]], 2), { perClass: [undefined, 0.5], mean: 0.5 });
  t.deepEqual(summarizeDice([], 2), { perClass: [undefined, undefined], mean: undefined });
});

test("labellings of different grids are not compared", (t) => {
  t.throws(() => diceOfCase([0], [0, 1], [[1]]), { instanceOf: RangeError });
});
