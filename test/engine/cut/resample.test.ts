import test from "ava";
import fc from "fast-check";
import { resampleImage, resampleLabel } from "../../../loader/engine/cut/resample.js";
import { resampledLabel, resampledVoxel } from "../../../loader/engine/cut/resample.reference.js";
import type { ChannelVolume } from "../../../loader/engine/cut/source.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";

const extent = fc.integer({ min: 1, max: 6 });
const size: fc.Arbitrary<Zyx> = fc.tuple(extent, extent, extent);

function* voxelsOf([depth, height, width]: Zyx): Generator<Zyx> {
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) yield [z, y, x];
  }
}

test("a resampled image has the bits of the trilinear formula at every voxel", (t) => {
  const image = fc.tuple(fc.integer({ min: 1, max: 2 }), size).chain(([channels, extents]) => {
    const length = channels * voxelCount(extents);
    const values = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: length, maxLength: length });
    return values.map(
      (drawn): ChannelVolume<Float32Array> => ({ values: Float32Array.from(drawn), shape: [channels, ...extents] }),
    );
  });
  const check = (source: ChannelVolume<Float32Array>, to: Zyx) => {
    const [channels] = source.shape;
    const target = new Float32Array(channels * voxelCount(to));
    resampleImage(source, to, target);
    for (let c = 0, at = 0; c < channels; c++) {
      for (const voxel of voxelsOf(to)) t.is(target[at++], resampledVoxel(source, to, c, voxel));
    }
  };
  fc.assert(fc.property(image, size, check), { numRuns: 150 });
});

test("a resampled label is the value with the largest share, the lowest of equals", (t) => {
  const label = size.chain((extents) => {
    const length = voxelCount(extents);
    const values = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: length, maxLength: length });
    return values.map(
      (drawn): ChannelVolume<Int16Array> => ({ values: Int16Array.from(drawn), shape: [1, ...extents] }),
    );
  });
  const check = (source: ChannelVolume<Int16Array>, to: Zyx) => {
    const target = new Int16Array(voxelCount(to));
    resampleLabel(source, to, target);
    let at = 0;
    for (const voxel of voxelsOf(to)) t.is(target[at++], resampledLabel(source, to, voxel));
  };
  fc.assert(fc.property(label, size, check), { numRuns: 150 });
});

test("halving a row samples between two voxels, doubling it at quarters, held at the ends", (t) => {
  const row: ChannelVolume<Float32Array> = { values: Float32Array.from([0, 4, 8, 16]), shape: [1, 1, 1, 4] };
  const half = new Float32Array(2);
  resampleImage(row, [1, 1, 2], half);
  t.deepEqual([...half], [2, 12]);
  const double = new Float32Array(8);
  resampleImage(row, [1, 1, 8], double);
  t.deepEqual([...double], [0, 1, 3, 5, 7, 10, 14, 16]);
});

test("of two labels with the same share the lower wins, whichever comes first", (t) => {
  const target = new Int16Array(1);
  for (const values of [
    [2, 1],
    [1, 2],
  ]) {
    resampleLabel({ values: Int16Array.from(values), shape: [1, 1, 1, 2] }, [1, 1, 1], target);
    t.is(target[0], 1);
  }
});
