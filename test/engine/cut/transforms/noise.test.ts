import test from "ava";
import fc from "fast-check";
import { applyNoise } from "../../../../loader/engine/cut/transforms/noise.js";
import { scratchAt, scratchBytes } from "../../../../loader/engine/memory/scratch.js";
import { referenceKernels } from "../../../../loader/kernels/kernels.reference.js";
import { voxelCount, type Zyx } from "../../../../plan/zyx.js";

const NOISE = { kind: "noise", sigma: 1, counter: [7, 3, 22] } as const;

/** The noise that a channel of a patch gets. */
function noiseOf(channel: number, size: Zyx): number[] {
  const { tables, labels } = scratchAt(new ArrayBuffer(scratchBytes({ cropSize: size, patchSize: size })), 0, {
    cropSize: size,
    patchSize: size,
  });
  const values = new Float32Array(voxelCount(size));
  const spare = new Float32Array(values.length);
  const place = { values, spare, label: labels[0], index: channel, size, mirrored: 0 };
  return [...applyNoise(NOISE, place, { kernels: referenceKernels, tables, seed: 5 }).values];
}

test("no two voxels of a patch share a noise value, of whichever channels they are", (t) => {
  const side = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(fc.tuple(side, side, side), (size) => {
      const values = [0, 1, 2].flatMap((channel) => noiseOf(channel, size));
      t.is(new Set(values).size, values.length);
    }),
    { numRuns: 30 },
  );
});

test("noise of two channels does not correlate", (t) => {
  const size: Zyx = [16, 16, 16];
  const [first, second] = [noiseOf(0, size), noiseOf(1, size)];
  const sum = first.reduce((total, value, voxel) => total + value * (second[voxel] as number), 0);
  // the mean product of independent standard normal numbers has the standard deviation 1 / sqrt(n)
  t.true(Math.abs(sum / first.length) < 5 / Math.sqrt(first.length));
});
