import test from "ava";
import { foregroundOf } from "../../../trainer/loop/foreground-of.js";

test("foreground is what is in a class: neither background, nor what the loss leaves out, nor the ignore label", (t) => {
  const label = Uint8Array.of(0, 0, 1, 2, 2, 255, 4, 0);
  const found = foregroundOf(label, [{ values: [1] }, { values: [2] }, { values: [3] }]);
  t.deepEqual(found, { foregroundShare: 3 / 8, classes: 2 });
});

test("regions that overlap count their voxels once, and each region that has some", (t) => {
  const label = Uint8Array.of(0, 2, 2, 3);
  const found = foregroundOf(label, [{ values: [1, 2, 3] }, { values: [2, 3] }, { values: [1] }]);
  t.deepEqual(found, { foregroundShare: 3 / 4, classes: 2 });
});

test("a batch without foreground has a share of 0", (t) => {
  t.deepEqual(foregroundOf(new Uint8Array(5), [{ values: [1] }]), { foregroundShare: 0, classes: 0 });
});
