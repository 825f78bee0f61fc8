import test from "ava";
import type { LabelSet } from "../../../plan/label-set.js";
import { labelOptions, outputCount } from "../../../trainer/loop/label-options.js";

/** Values 0 to `values` - 1, each a class of its own. */
const single = (values: number): LabelSet => ({
  labels: { background: 0 },
  sourceValues: Array.from({ length: values }, (_, value) => 2 * value),
  classes: Array.from({ length: values - 1 }, (_, index) => index + 1),
});

const regions = [
  { name: "whole", values: [1, 2], exportValue: 2 },
  { name: "core", values: [2], exportValue: 4 },
];

test("a network has an output for each class, background included, or for each region; the ignore label has none", (t) => {
  t.is(outputCount(single(3)), 3);
  t.is(outputCount({ ...single(4), classes: [1, 2], ignoreLabel: 3 }), 3);
  t.is(outputCount({ ...single(3), regions }), 2);
  t.is(outputCount({ ...single(4), classes: [1, 2], regions, ignoreLabel: 3 }), 2);
});

test("an engine is told the stored values of each region, and the ignore label", (t) => {
  t.deepEqual(labelOptions(single(3)), { labels: { kind: "classes" } });
  t.deepEqual(labelOptions({ ...single(4), regions, ignoreLabel: 3 }), {
    labels: { kind: "regions", regions: [[1, 2], [2]] },
    ignoreLabel: 3,
  });
});

test("more label values than one byte tells apart from 255 are refused; an ignore label of 255 is none of them", (t) => {
  t.is(outputCount(single(255)), 255);
  t.is(outputCount({ ...single(256), classes: single(255).classes, ignoreLabel: 255 }), 255);
  for (const more of [single(256), { ...single(256), regions }])
    t.like(
      t.throws(() => outputCount(more)),
      { facts: { limit: "classes of a network", got: 256, max: 255 } },
    );
});
