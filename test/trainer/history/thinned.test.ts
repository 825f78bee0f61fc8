import test from "ava";
import fc from "fast-check";
import { Thinned } from "../../../trainer/history/thinned.js";

interface Row {
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

const merge = (a: Row, b: Row): Row => ({
  count: a.count + b.count,
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

/** What entries must be: all values of each row of `width` numbers at once. */
function slowly(values: readonly number[], width: number): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < values.length; at += width) {
    const row = values.slice(at, at + width);
    rows.push({ count: row.length, min: Math.min(...row), max: Math.max(...row) });
  }
  return rows;
}

test("however many values come, and whenever it is asked, the changes add up to each row's lowest and highest", (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(fc.integer(), fc.boolean()), { minLength: 1, maxLength: 200 }),
      (most, steps) => {
        const thinned = new Thinned<Row>(most, merge);
        let known: (Row | undefined)[] = [];
        let width = 1;
        const look = () => {
          const change = thinned.take();
          if (change === undefined) return;
          width = change.width;
          known = [...known.slice(0, change.from), ...change.entries];
        };
        steps.forEach(([value, isAsked], index) => {
          thinned.add(index, { count: 1, min: value, max: value });
          if (isAsked) look();
        });
        look();
        const values = steps.map(([value]) => value);
        t.true(known.length <= most);
        t.deepEqual(known, slowly(values, width));
        t.is(thinned.take(), undefined, "nothing has changed since");
      },
    ),
  );
});

test("what a training forgets is forgotten, up to the entry in whose midst it begins", (t) => {
  const thinned = new Thinned<number>(4, (a, b) => a + b);
  for (let index = 0; index < 7; index++) thinned.add(index, 1);
  t.deepEqual(thinned.take(), { width: 2, from: 0, entries: [2, 2, 2, 1] });
  thinned.forgetFrom(3);
  t.deepEqual(thinned.take(), { width: 2, from: 2, entries: [] });
  thinned.add(4, 1);
  t.deepEqual(thinned.take(), { width: 2, from: 2, entries: [1] });
});
