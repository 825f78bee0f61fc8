import test from "ava";
import fc from "fast-check";
import type { Zyx } from "../../../plan/index.js";
import { gaussianImportance } from "../../../trainer/inference/gaussian.js";
import { type Axis, flip } from "../../../trainer/inference/mirror.js";
import { type Maps, predictBySlidingWindow } from "../../../trainer/inference/sliding-window.js";
import { windowStarts, windowStartsAlong } from "../../../trainer/inference/windows.js";

const CLASSES = 2;

/** A "network" whose output depends on where in the window a voxel lies, so that a misplaced window shows. */
async function predictPlaces(image: Float32Array, batchSize: number, patchSize: Zyx): Promise<Float32Array> {
  const voxels = patchSize[0] * patchSize[1] * patchSize[2];
  const logits = new Float32Array(batchSize * CLASSES * voxels);
  for (let sample = 0; sample < batchSize; sample++) {
    for (let voxel = 0; voxel < voxels; voxel++) {
      const value = image[sample * voxels + voxel] as number;
      logits[(sample * CLASSES + 0) * voxels + voxel] = value + voxel / voxels;
      logits[(sample * CLASSES + 1) * voxels + voxel] = 2 * value - voxel / voxels;
    }
  }
  return logits;
}

function volume(size: Zyx, seed: number): Maps {
  const count = size[0] * size[1] * size[2];
  return { shape: [1, ...size], values: Float32Array.from({ length: count }, (_, i) => ((i * 37 + seed) % 101) / 50) };
}

/** Zero-pads, then visits every voxel of every window one by one, in double precision. */
async function slidingWindowReference(image: Maps, patch: Zyx): Promise<number[]> {
  const size: Zyx = [image.shape[1], image.shape[2], image.shape[3]];
  const axes = [0, 1, 2] as const;
  const padded = axes.map((axis) => Math.max(size[axis], patch[axis])) as unknown as Zyx;
  const before = axes.map((axis) => Math.floor((padded[axis] - size[axis]) / 2)) as unknown as Zyx;
  const at = (z: number, y: number, x: number) => (z * padded[1] + y) * padded[2] + x;
  const voxels = padded[0] * padded[1] * padded[2];
  const source = new Float64Array(voxels);
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++)
        source[at(z + before[0], y + before[1], x + before[2])] = image.values[
          (z * size[1] + y) * size[2] + x
        ] as number;
  const importance = gaussianImportance(patch);
  const sums = [new Float64Array(voxels), new Float64Array(voxels)] as const;
  const weights = new Float64Array(voxels);
  for (const sz of windowStartsAlong(padded[0], patch[0]))
    for (const sy of windowStartsAlong(padded[1], patch[1]))
      for (const sx of windowStartsAlong(padded[2], patch[2])) {
        const places: number[] = [];
        for (let z = 0; z < patch[0]; z++)
          for (let y = 0; y < patch[1]; y++) for (let x = 0; x < patch[2]; x++) places.push(at(sz + z, sy + y, sx + x));
        const window = Float32Array.from(places, (place) => source[place] as number);
        const logits = await predictPlaces(window, 1, patch);
        for (const [i, place] of places.entries()) {
          const weight = importance[i] as number;
          weights[place] = (weights[place] as number) + weight;
          for (const k of [0, 1] as const)
            sums[k][place] = (sums[k][place] as number) + weight * (logits[k * places.length + i] as number);
        }
      }
  const result: number[] = [];
  for (const sum of sums)
    for (let z = 0; z < size[0]; z++)
      for (let y = 0; y < size[1]; y++)
        for (let x = 0; x < size[2]; x++) {
          const place = at(z + before[0], y + before[1], x + before[2]);
          result.push((sum[place] as number) / (weights[place] as number));
        }
  return result;
}

const extent = fc.integer({ min: 1, max: 11 });
const size = fc.tuple(extent, extent, extent);
const patches = fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 2, max: 6 }))) as unknown as fc.Arbitrary<Zyx>;

test("windows cover the axis, first at 0, last at its end, at most half a patch apart, nnU-Net's number of them", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 2, max: 128 }), (length, patch) => {
      const starts = windowStartsAlong(length, patch);
      if (length <= patch) return t.deepEqual(starts, [0]);
      t.is(starts.length, Math.ceil((length - patch) / (patch / 2)) + 1);
      t.is(starts[0], 0);
      t.is(starts.at(-1), length - patch);
      // Exact steps are at most patch / 2; rounding two neighbours moves them at most 1 further apart.
      for (const [i, start] of starts.slice(1).entries()) t.true(start - (starts[i] as number) <= patch / 2 + 1);
    }),
  );
});

test("a window start half-way between two voxels goes to the even one, as numpy rounds", (t) => {
  t.deepEqual(windowStartsAlong(9, 4), [0, 2, 3, 5]);
  t.deepEqual(windowStartsAlong(13, 8), [0, 2, 5]);
  t.deepEqual(windowStartsAlong(15, 8), [0, 4, 7]);
});

test("a volume smaller than the patch lies in the middle of its one window", (t) => {
  t.deepEqual(windowStarts([5, 8, 20], [8, 8, 8]), [
    [-1, 0, 0],
    [-1, 0, 4],
    [-1, 0, 8],
    [-1, 0, 12],
  ]);
});

test("logits of any volume equal a slow voxel-by-voxel reference, whatever number of windows goes together", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      size,
      patches,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(100),
      async (extents, patchSize, batchSize, seed) => {
        const image = volume(extents, seed);
        const expected = await slidingWindowReference(image, patchSize);
        const { shape, values } = await predictBySlidingWindow({ predict: predictPlaces }, image, {
          patchSize,
          classes: CLASSES,
          batchSize,
          mirrorAxes: [],
        });
        t.deepEqual([...shape], [CLASSES, ...extents]);
        // float32 sums of at most 64 terms below 50 x 4, divided by weights of the same sum: relative 64 x 2^-24, values below 5.
        for (const [i, want] of expected.entries()) t.true(Math.abs((values[i] as number) - want) < 5e-5, `voxel ${i}`);
      },
    ),
    { numRuns: 60 },
  );
});

test("flipping twice along any axes is the volume itself, once along X reverses rows", (t) => {
  const { values } = volume([3, 4, 5], 1);
  for (const axes of [[0], [1], [2], [0, 2], [0, 1, 2]] as Axis[][]) {
    const once = flip(values, 1, [3, 4, 5], axes);
    t.notDeepEqual(once, values);
    t.deepEqual(flip(once, 1, [3, 4, 5], axes), values);
  }
  t.deepEqual([...flip(Float32Array.of(1, 2, 3, 4, 5, 6), 1, [1, 2, 3], [2])], [3, 2, 1, 6, 5, 4]);
});

test("test-time mirroring is the mean over all flips, each turned back", async (t) => {
  const patchSize: Zyx = [2, 3, 4];
  const image = volume(patchSize, 5);
  const options = { patchSize, classes: CLASSES, batchSize: 1 };
  const { values } = await predictBySlidingWindow({ predict: predictPlaces }, image, {
    ...options,
    mirrorAxes: [0, 2],
  });
  const sum = new Float64Array(values.length);
  for (const axes of [[], [0], [2], [0, 2]] as Axis[][]) {
    const logits = await predictPlaces(flip(image.values, 1, patchSize, axes), 1, patchSize);
    for (const [i, logit] of flip(logits, CLASSES, patchSize, axes).entries()) sum[i] = (sum[i] as number) + logit;
  }
  // Values below 5, a handful of float32 roundings each.
  for (const [i, total] of sum.entries()) t.true(Math.abs((values[i] as number) - total / 4) < 5e-6);
});
