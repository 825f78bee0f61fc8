import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { foldSplit } from "../../plan/sampling/splits.js";

interface Golden {
  count: number;
  folds: number;
  seed: number;
  val: number[][];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/splits.json", import.meta.url), "utf8"),
) as Golden[];
const caseName = (index: number) => `case_${String(index).padStart(4, "0")}`;

test("folds are scikit-learn's, on numpy's legacy generator", (t) => {
  for (const { count, folds, seed, val } of golden) {
    const subjects = Array.from({ length: count }, (_, index) => [caseName(index)]);
    for (let fold = 0; fold < folds; fold++) {
      const split = foldSplit(subjects.toReversed(), { folds, fold, seed });
      t.deepEqual(split.val, val[fold]?.map(caseName), `${count} cases, fold ${fold} of ${folds}, seed ${seed}`);
      t.is(split.train.length + split.val.length, count);
    }
  }
});

test("folds share out the cases, and no subject is in two", (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 2, max: 5 }), fc.nat(), (sizes, folds, seed) => {
      const subjects = sizes.map((size, subject) => Array.from({ length: size }, (_, i) => `s${subject}_${i}`));
      const held = Array.from({ length: folds }, (_, fold) => foldSplit(subjects, { folds, fold, seed }).val);
      t.deepEqual(held.flat().sort(), subjects.flat().sort());
      for (const val of held) {
        t.true(subjects.every((cases) => new Set(cases.map((one) => val.includes(one))).size === 1));
      }
    }),
  );
});
