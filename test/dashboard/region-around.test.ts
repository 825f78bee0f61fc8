import test from "ava";
import fc from "fast-check";
import { regionAround } from "../../dashboard/server/region-around.js";

const side = fc.integer({ min: 1, max: 40 });
const zyx = (of: fc.Arbitrary<number>) => fc.tuple(of, of, of);
const AXES = [0, 1, 2] as const;

test("what is shown around a box lies in the volume, holds the box's part in it, and is as large as allowed", (t) => {
  fc.assert(
    fc.property(
      zyx(side),
      zyx(fc.integer({ min: -20, max: 39 })),
      zyx(side),
      fc.integer({ min: 1, max: 70_000 }),
      (volume, start, size, most) => {
        const { start: from, end } = regionAround(volume, start, size, most);
        for (const axis of AXES) {
          t.true(0 <= from[axis] && from[axis] < end[axis] && end[axis] <= volume[axis]);
          const [low, high] = [Math.max(0, start[axis]), Math.min(volume[axis], start[axis] + size[axis])];
          if (low < high) t.true(from[axis] <= low && high <= end[axis]);
        }
        const voxels = AXES.map((axis) => end[axis] - from[axis]).reduce((product, length) => product * length);
        const all = volume.reduce((product, length) => product * length, 1);
        if (all <= most) t.is(voxels, all);
        const inside = AXES.every((axis) => start[axis] >= 0 && start[axis] + size[axis] <= volume[axis]);
        if (inside && size.reduce((product, length) => product * length, 1) <= most) t.true(voxels <= most);
      },
    ),
  );
});
