import test from "ava";
import fc from "fast-check";
import { type Box, cropBox, type Grid, type Mirror } from "../../loader/engine/crop.js";
import { cropReference } from "../../loader/engine/crop.reference.js";
import { copyF32, copyI16 } from "../../loader/engine/rows.js";
import { voxelCount } from "../../plan/zyx.js";

/** A phantom: each voxel's value is its own index plus one, so that a wrong crop tells where it came from. */
function phantom(shape: Grid<Float32Array>["shape"]): Grid<Float32Array> {
  const count = shape[0] * shape[1] * shape[2] * shape[3];
  return { values: Float32Array.from({ length: count }, (_, index) => index + 1), shape };
}

const extent = fc.integer({ min: 1, max: 9 });
const shape = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  extent,
  extent,
  fc.oneof(extent, fc.integer({ min: 60, max: 70 })),
);
const lower = fc.integer({ min: -90, max: 90 });
const nearLower = fc.integer({ min: -10, max: 10 });
const size = fc.tuple(extent, extent, fc.oneof(extent, fc.integer({ min: 45, max: 80 })));
const box: fc.Arbitrary<Box> = fc.record({
  lower: fc.oneof(fc.tuple(nearLower, nearLower, nearLower), fc.tuple(lower, lower, lower)),
  size,
});
const mirror: fc.Arbitrary<Mirror> = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());

test("a crop equals the voxel-by-voxel reference, inside and far outside of the volume, mirrored or not, in either layout", (t) => {
  const at = 5;
  const check = (drawn: Grid<Float32Array>["shape"], from: Box, mirrored: Mirror, channelsLast: boolean) => {
    const source = phantom(drawn);
    const [channels] = drawn;
    const voxels = voxelCount(from.size);
    const expected = new Float32Array(at + channels * voxels + 3).fill(-7);
    for (const { c, voxel, value } of cropReference(source, from, mirrored, 0)) {
      const index = (voxel[0] * from.size[1] + voxel[1]) * from.size[2] + voxel[2];
      expected[at + (channelsLast ? index * channels + c : c * voxels + index)] = value;
    }
    const values = new Float32Array(expected.length).fill(-7);
    cropBox(source, from, mirrored, { values, at, channelsLast, outside: 0 }, copyF32);
    t.deepEqual(values, expected);
  };
  fc.assert(fc.property(shape, box, mirror, fc.boolean(), check), { numRuns: 500 });
});

test("a label crop keeps -1 and is -1 outside when asked to", (t) => {
  const source: Grid<Int16Array> = { values: Int16Array.from([-1, 0, 3, 2]), shape: [1, 1, 2, 2] };
  const values = new Int16Array(9);
  cropBox(
    source,
    { lower: [0, 0, -1], size: [1, 3, 3] },
    [false, false, false],
    { values, at: 0, channelsLast: false, outside: -1 },
    copyI16,
  );
  t.deepEqual([...values], [-1, -1, 0, -1, 3, 2, -1, -1, -1]);
});
