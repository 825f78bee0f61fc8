import test from "ava";
import fc from "fast-check";
import { roundHalfToEven } from "../../plan/round-half-to-even.js";
import { foregroundLower, randomStartBounds } from "../../plan/sampling/box.js";
import { foregroundCount } from "../../plan/sampling/foreground-count.js";
import type { Zyx } from "../../plan/zyx.js";

const size = (): fc.Arbitrary<Zyx> => fc.tuple(side(), side(), side());
const side = () => fc.integer({ min: 1, max: 300 });

test("halves round to the even neighbour, as Python does", (t) => {
  t.deepEqual([0.5, 1.5, 2.5, 3.5, 787.5, 0.49, 0.51, 3].map(roundHalfToEven), [0, 2, 2, 4, 788, 0, 1, 3]);
});

test("foreground counts are nnU-Net's", (t) => {
  const third = [2, 3, 4, 5, 6, 9, 12].map((batch) => foregroundCount(batch, 0.33));
  t.deepEqual(third, [1, 1, 1, 2, 2, 3, 4]);
  const half = [2, 3, 5, 7, 9, 11, 1575].map((batch) => foregroundCount(batch, 0.5));
  t.deepEqual(half, [1, 1, 3, 3, 5, 5, 787]);
  t.deepEqual([foregroundCount(7, 0), foregroundCount(7, 1)], [0, 7]);
});

test("a random box stays inside a volume that holds it, and both far ends are reachable", (t) => {
  fc.assert(
    fc.property(size(), size(), (shape, patch) => {
      const { lower, upper } = randomStartBounds(shape, patch);
      for (const axis of [0, 1, 2] as const) {
        if (shape[axis] >= patch[axis]) t.deepEqual([lower[axis], upper[axis]], [0, shape[axis] - patch[axis]]);
      }
    }),
  );
});

test("a box larger than the volume holds all of it, as centred as it can be: an odd margin has both places", (t) => {
  fc.assert(
    fc.property(size(), size(), (shape, patch) => {
      const { lower, upper } = randomStartBounds(shape, patch);
      for (const axis of [0, 1, 2] as const) {
        if (shape[axis] >= patch[axis]) continue;
        t.is(upper[axis] - lower[axis], (patch[axis] - shape[axis]) % 2);
        for (let start = lower[axis]; start <= upper[axis]; start++) {
          const before = -start;
          const after = start + patch[axis] - shape[axis];
          t.true(before >= 0 && after >= 0 && Math.abs(before - after) <= 1);
        }
      }
    }),
  );
});

test("a foreground box has its voxel in the middle, held at the near border and never at the far one", (t) => {
  const inside = size().chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(fc.nat(shape[0] - 1), fc.nat(shape[1] - 1), fc.nat(shape[2] - 1)) as fc.Arbitrary<Zyx>,
      size(),
    ),
  );
  fc.assert(
    fc.property(inside, ([shape, voxel, patch]) => {
      const lower = foregroundLower(voxel, shape, patch);
      const nearest = randomStartBounds(shape, patch).lower;
      for (const axis of [0, 1, 2] as const) {
        t.true(lower[axis] <= voxel[axis] && voxel[axis] < lower[axis] + patch[axis]);
        t.is(lower[axis], Math.max(nearest[axis], voxel[axis] - Math.floor(patch[axis] / 2)));
      }
    }),
  );
  for (const [voxel, start] of [
    [
      [39, 0, 20],
      [31, 0, 12],
    ],
    [
      [0, 39, 39],
      [0, 31, 31],
    ],
  ] as const)
    t.deepEqual(foregroundLower(voxel, [40, 40, 40], [16, 16, 16]), start);
});
