import test from "ava";
import fc from "fast-check";
import { cropToNonzero } from "../../loader/dataset/preprocess/crop-to-nonzero.js";
import type { Zyx } from "../../plan/zyx.js";

/** SciPy's binary_fill_holes told slowly: the outside grows from beyond the border through zeros until it grows no more. */
function filledMask(
  shape: Zyx,
  zero: (z: number, y: number, x: number) => boolean,
): (z: number, y: number, x: number) => boolean {
  const key = (z: number, y: number, x: number) => `${z},${y},${x}`;
  const outside = new Set<string>();
  const isOutside = (z: number, y: number, x: number) => {
    const beyond = z < 0 || y < 0 || x < 0 || z >= shape[0] || y >= shape[1] || x >= shape[2];
    return beyond || outside.has(key(z, y, x));
  };
  for (let grown = true; grown; ) {
    grown = false;
    for (let z = 0; z < shape[0]; z++) {
      for (let y = 0; y < shape[1]; y++) {
        for (let x = 0; x < shape[2]; x++) {
          if (!zero(z, y, x) || outside.has(key(z, y, x))) continue;
          const touches =
            isOutside(z - 1, y, x) ||
            isOutside(z + 1, y, x) ||
            isOutside(z, y - 1, x) ||
            isOutside(z, y + 1, x) ||
            isOutside(z, y, x - 1) ||
            isOutside(z, y, x + 1);
          if (!touches) continue;
          outside.add(key(z, y, x));
          grown = true;
        }
      }
    }
  }
  return (z, y, x) => !outside.has(key(z, y, x));
}

const size = fc.integer({ min: 1, max: 6 });
const volume = fc.tuple(size, size, size).chain((shape) => {
  const count = shape[0] * shape[1] * shape[2];
  const channel = fc.array(fc.constantFrom(0, 0, 0, 1, -2), { minLength: count, maxLength: count });
  return fc.record({
    shape: fc.constant(shape),
    channels: fc.array(channel, { minLength: 1, maxLength: 2 }),
    label: fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: count, maxLength: count }),
  });
});

test("the crop is the box of the filled mask, and background outside of the mask becomes -1", (t) => {
  fc.assert(
    fc.property(volume, ({ shape, channels, label }) => {
      const at = (z: number, y: number, x: number) => (z * shape[1] + y) * shape[2] + x;
      const inside = filledMask(shape, (z, y, x) => channels.every((values) => values[at(z, y, x)] === 0));
      const voxels: Zyx[] = [];
      for (let i = 0; i < label.length; i++) {
        const voxel: Zyx = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
        if (inside(...voxel)) voxels.push(voxel);
      }
      const cropped = cropToNonzero({
        shape,
        channels: channels.map((values) => Float32Array.from(values)),
        label: Int16Array.from(label),
      });
      if (cropped === undefined) {
        t.is(voxels.length, 0);
        return;
      }
      for (const axis of [0, 1, 2] as const) {
        t.is(cropped.start[axis], Math.min(...voxels.map((voxel) => voxel[axis])));
        t.is(cropped.end[axis], Math.max(...voxels.map((voxel) => voxel[axis])) + 1);
      }
      let i = 0;
      for (let z = cropped.start[0]; z < cropped.end[0]; z++) {
        for (let y = cropped.start[1]; y < cropped.end[1]; y++) {
          for (let x = cropped.start[2]; x < cropped.end[2]; x++, i++) {
            const original = label[at(z, y, x)] as number;
            t.is(cropped.label[i], original === 0 && !inside(z, y, x) ? -1 : original);
            t.deepEqual(
              cropped.channels.map((values) => values[i]),
              channels.map((values) => values[at(z, y, x)]),
            );
          }
        }
      }
      t.is(i, cropped.label.length);
    }),
    { numRuns: 200 },
  );
});

test("a hole inside is kept as inside: its background stays 0", (t) => {
  const values = new Float32Array(125).fill(1);
  values[62] = 0;
  const cropped = cropToNonzero({ shape: [5, 5, 5], channels: [values], label: new Int16Array(125) });
  t.deepEqual(cropped?.start, [0, 0, 0]);
  t.is(cropped?.label[62], 0);
});
