import test from "ava";
import fc from "fast-check";
import {
  compileKernels,
  type Grid,
  instantiateKernels,
  type Kernels,
  MIRROR_X,
  MIRROR_Y,
  MIRROR_Z,
  MOST_MARKED,
  markedBytes,
  NOISE_WORDS,
  type StoredLabel,
  ZOOM_VALUES,
} from "../../loader/kernels/kernels.js";
import { philox4x32 } from "../../plan/random.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import { type Allocate, anyNumbers, anySize, filledSize, imageOf, inBoth, labelOf } from "./both.js";

/** Keeps a run short. */
const fits = (size: Zyx) => voxelCount(size) <= 2000;
const size = anySize.filter(fits);
const filled = filledSize.filter(fits);
const anyLower = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -20, max: 40 }))) as unknown as fc.Arbitrary<Zyx>;
const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true });
const anyAxes = fc.integer({ min: 0, max: MIRROR_Z | MIRROR_Y | MIRROR_X });

/** A stored label, marked by its own kernel where `isMarked`. */
function storedLabel(
  kernels: Kernels,
  allocate: Allocate,
  isMarked: boolean,
  { values, size }: Grid<Int16Array>,
): Grid<StoredLabel> {
  if (!isMarked) return { values: allocate(Int16Array, values), size };
  const marked = { values: allocate(Uint8Array, markedBytes(size)), size };
  marked.values.set(values);
  kernels.markLabel(marked);
  return marked;
}

/** What a label is cut into: u8 is made of marked labels only. */
const anyTypes = fc.constantFrom(
  { isMarked: false, Target: Int16Array },
  { isMarked: true, Target: Int16Array },
  { isMarked: true, Target: Uint8Array },
);

const anyWord = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("markLabel gives the bits of its twin, whatever the sizes and values", (t) => {
  const anyLabels = fc.record({
    seed: fc.nat(),
    most: fc.constantFrom(0, 1, 3, MOST_MARKED),
    run: fc.nat({ max: 700 }),
  });
  fc.assert(
    fc.property(size, anyLabels, (labelSize, { seed, most, run }) => {
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const values = allocate(Uint8Array, markedBytes(labelSize));
        const next = allocate(Uint8Array, [77]);
        for (let i = 0; i < voxelCount(labelSize); i++)
          values[i] = (philox4x32([Math.floor(i / (run + 1)), 0, 0, 0], [seed, 2])[0] % (most + 2)) - 1;
        kernels.markLabel({ values, size: labelSize });
        return [values, next];
      });
      t.deepEqual(kernel, twin);
    }),
    { numRuns: 300 },
  );
});

test("cropImage, cropLabel and cropLabelU8 give the bits of their twins, with any axes mirrored", (t) => {
  fc.assert(
    fc.property(
      size,
      size,
      anyLower,
      fc.nat(),
      fc.boolean(),
      anyAxes,
      (targetSize, sourceSize, lower, seed, isMarked, axes) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const values = allocate(Float32Array, imageOf({ seed, isExtreme: true }, voxelCount(sourceSize)));
          const plain = { values: labelOf(seed, voxelCount(sourceSize)), size: sourceSize };
          const label = storedLabel(kernels, allocate, isMarked, plain);
          const patch = { values: allocate(Float32Array, voxelCount(targetSize)), size: targetSize };
          const wide = { values: allocate(Int16Array, voxelCount(targetSize)), size: targetSize };
          const bytes = { values: allocate(Uint8Array, voxelCount(targetSize)), size: targetSize };
          const next = allocate(Int16Array, [77]);
          kernels.cropImage(patch, { values, size: sourceSize }, lower, axes);
          kernels.cropLabel(wide, label, lower, axes);
          if (label.values instanceof Uint8Array)
            kernels.cropLabelU8(bytes, { ...label, values: label.values }, lower, axes);
          return [patch.values, wide.values, bytes.values, next];
        });
        t.deepEqual(kernel, twin);
      },
    ),
    { numRuns: 300 },
  );
});

for (const [rows, sourceSize, targetSize] of [
  ["short", [19, 18, 37], [11, 10, 20]],
  ["long", [19, 18, 90], [11, 10, 70]],
] as const) {
  test(`cropLabel and cropLabelU8 give the bits of their twins where the label is the same far and wide: ${rows} rows`, (t) => {
    const anyLabel = fc.integer({ min: -1, max: MOST_MARKED });
    const anywhere = (min: number) =>
      fc.tuple(...sourceSize.map((max) => fc.integer({ min, max }))) as unknown as fc.Arbitrary<Zyx>;
    fc.assert(
      fc.property(anywhere(-9), anywhere(0), anyLabel, anyLabel, anyAxes, (lower, corner, value, other, axes) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const values = new Int16Array(voxelCount(sourceSize)).fill(value);
          for (let z = corner[0]; z < sourceSize[0]; z++)
            for (let y = corner[1]; y < sourceSize[1]; y++)
              for (let x = corner[2]; x < sourceSize[2]; x++)
                values[(z * sourceSize[1] + y) * sourceSize[2] + x] = other;
          const label = storedLabel(kernels, allocate, true, { values, size: sourceSize }) as Grid<Uint8Array>;
          const wide = { values: allocate(Int16Array, voxelCount(targetSize)), size: targetSize };
          const bytes = { values: allocate(Uint8Array, voxelCount(targetSize)), size: targetSize };
          const next = allocate(Int16Array, [77]);
          kernels.cropLabel(wide, label, lower, axes);
          kernels.cropLabelU8(bytes, label, lower, axes);
          return [wide.values, bytes.values, next];
        });
        t.deepEqual(kernel, twin);
      }),
      { numRuns: 300 },
    );
  });
}

const nearLower = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -8, max: 8 }))) as unknown as fc.Arbitrary<Zyx>;
const anyStep = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const anyGrid = fc.oneof(
  fc.tuple(
    ...[0, 1, 2].map(() => fc.double({ min: -10, max: 20, noNaN: true })),
    ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map(() => anyStep),
  ),
  // not turned
  fc
    .tuple(...[0, 1, 2].map(() => fc.double({ min: -10, max: 20, noNaN: true })), anyStep, anyStep, anyStep)
    .map(([z, y, x, alongZ, alongY, alongX]) => [z, y, x, alongZ, 0, 0, 0, alongY, 0, -0, 0, alongX] as number[]),
  // in plane: Z goes along by whole voxels
  fc
    .record({ start: fc.tuple(fc.integer({ min: -3, max: 5 }), anyStep, anyStep), steps: fc.tuple(anyStep, anyStep) })
    .map(({ start, steps: [along, across] }) => [...start, 1, 0, 0, 0, along, across, 0, -across, along]),
);

/** Nearly straight grids: their blocks lie in the bricks of one value where there are any. */
const nearlyStraight = fc
  .record({
    start: fc.array(fc.double({ min: -3, max: 6, noNaN: true }), { minLength: 3, maxLength: 3 }),
    turn: anyStep,
  })
  .map(({ start, turn }) => [...start, 1, turn / 10, 0, -turn / 10, 1, 0, 0, turn / 10, 1]);

test("warpImage and warpLabel give the bits of their twins, with any axes mirrored", (t) => {
  fc.assert(
    fc.property(
      size,
      size,
      nearLower,
      fc.oneof(anyGrid, nearlyStraight),
      anyNumbers,
      anyTypes,
      anyAxes,
      (targetSize, sourceSize, lower, grid, numbers, { isMarked, Target }, axes) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const values = allocate(Float32Array, imageOf(numbers, voxelCount(sourceSize)));
          const plain = { values: labelOf(numbers.seed, voxelCount(sourceSize)), size: sourceSize };
          const label = storedLabel(kernels, allocate, isMarked, plain);
          const patch = { values: allocate(Float32Array, voxelCount(targetSize)), size: targetSize };
          const labelPatch = {
            values: allocate<Int16Array | Uint8Array>(Target, voxelCount(targetSize)),
            size: targetSize,
          };
          const next = allocate(Int16Array, [77]);
          const points = allocate(Float64Array, grid);
          const space = allocate(Float32Array, ZOOM_VALUES);
          kernels.warpImage(patch, { values, size: sourceSize }, lower, points, axes, space);
          kernels.warpLabel(labelPatch, label, lower, points, axes);
          t.true(patch.values.every(Number.isFinite));
          return [patch.values, labelPatch.values, next];
        });
        t.deepEqual(kernel, twin);
      },
    ),
    {
      numRuns: 500,
      // not turned, of a volume without a voxel: once a row was mixed of what lay there before
      examples: [
        [
          [1, 1, 15],
          [15, 0, 33],
          [0, 0, 0],
          [0, 0, 0, 0, 0, 0, 0, 0, 0, -0, 0, 0],
          { seed: 0, isExtreme: false },
          { isMarked: false, Target: Int16Array },
          0,
        ],
      ],
    },
  );
});

test("warpLabel gives the bits of its twin where the label is the same far and wide", (t) => {
  const [targetSize, sourceSize]: readonly [Zyx, Zyx] = [
    [4, 5, 12],
    [9, 10, 30],
  ];
  const step = (along: number) => fc.double({ min: along - 0.15, max: along + 0.15, noNaN: true });
  const nearly = fc.tuple(
    ...[0, 1, 2].map(() => fc.double({ min: -1, max: 6, noNaN: true })),
    ...[1, 0, 0, 0, 1, 0, 0, 0, 1].map(step),
  );
  const anyLabel = fc.integer({ min: -1, max: MOST_MARKED });
  const anyOther = fc.option(fc.record({ index: fc.nat({ max: voxelCount(sourceSize) - 1 }), value: anyLabel }));
  fc.assert(
    fc.property(nearly, anyLabel, anyOther, anyTypes, anyAxes, (grid, value, other, { isMarked, Target }, axes) => {
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const values = new Int16Array(voxelCount(sourceSize)).fill(value);
        if (other !== null) values[other.index] = other.value;
        const label = storedLabel(kernels, allocate, isMarked, { values, size: sourceSize });
        const patch = allocate<Int16Array | Uint8Array>(Target, voxelCount(targetSize));
        const points = allocate(Float64Array, grid);
        kernels.warpLabel({ values: patch, size: targetSize }, label, [0, 0, 0], points, axes);
        return [patch];
      });
      t.deepEqual(kernel, twin);
    }),
    { numRuns: 500 },
  );
});

test("votes among labels of any two or three values give the bits of the twin", (t) => {
  const sourceSize: Zyx = [5, 6, 40];
  const targetSize: Zyx = [4, 5, 36];
  fc.assert(
    fc.property(
      fc.nat(),
      fc.uniqueArray(fc.integer({ min: -1, max: MOST_MARKED }), { minLength: 2, maxLength: 3 }),
      nearlyStraight,
      (seed, values, grid) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const plain = Int16Array.from({ length: voxelCount(sourceSize) }, (_, i) => {
            return values[philox4x32([i, 0, 0, 0], [seed, 2])[0] % values.length] as number;
          });
          const label = storedLabel(kernels, allocate, true, { values: plain, size: sourceSize });
          const patch = { values: allocate(Uint8Array, voxelCount(targetSize)), size: targetSize };
          kernels.warpLabel(patch, label, [0, 0, 0], allocate(Float64Array, grid), 0);
          return [patch.values];
        });
        t.deepEqual(kernel, twin);
      },
    ),
  );
});

test("addNoise gives the bits of its twin", (t) => {
  const place = fc.record({
    key: fc.tuple(anyWord, anyWord),
    counter: fc.tuple(anyWord, anyWord, anyWord),
    firstBlock: anyWord,
  });
  fc.assert(
    fc.property(
      fc.oneof(fc.nat({ max: 200 }), fc.integer({ min: NOISE_WORDS - 1, max: NOISE_WORDS + 40 })),
      anyNumbers,
      fc.float({ min: 0, max: 10, noNaN: true }),
      place,
      (count, numbers, sigma, at) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const values = allocate(Float32Array, imageOf(numbers, count));
          allocate(Float32Array, 16);
          const words = allocate(Float32Array, NOISE_WORDS);
          kernels.addNoise(values, sigma, at, words);
          t.true(values.every(Number.isFinite));
          return [values];
        });
        t.deepEqual(kernel, twin);
      },
    ),
  );
});

test("blurring gives the bits of its twin on every axis", (t) => {
  const anyTaps = fc
    .integer({ min: 0, max: 5 })
    .chain((radius) =>
      fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 2 * radius + 1, maxLength: 2 * radius + 1 }),
    )
    .map((taps) =>
      taps.map(
        (tap) =>
          tap /
          Math.max(
            1,
            taps.reduce((a, b) => a + b),
          ),
      ),
    );
  fc.assert(
    fc.property(size, anyNumbers, anyTaps, (patchSize, numbers, drawnTaps) => {
      const [depth, height, width] = patchSize;
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const values = allocate(Float32Array, imageOf(numbers, voxelCount(patchSize)));
        const taps = allocate(Float32Array, drawnTaps);
        const row = allocate(Float32Array, width + drawnTaps.length + 16);
        const [alongZ, alongY, alongX] = [0, 1, 2].map(() => {
          allocate(Float32Array, 16);
          return allocate(Float32Array, voxelCount(patchSize));
        }) as [Float32Array, Float32Array, Float32Array];
        kernels.blurPlanes(alongZ, values, { outer: 1, length: depth, inner: height * width }, taps);
        kernels.blurPlanes(alongY, values, { outer: depth, length: height, inner: width }, taps);
        kernels.blurRows({ values: alongX, size: patchSize }, { values, size: patchSize }, taps, row);
        t.true([alongZ, alongY, alongX].every((blurred) => blurred.every(Number.isFinite)));
        return [alongX, alongY, alongZ];
      });
      t.deepEqual(kernel, twin);
    }),
  );
});

test("maskImage gives the bits of its twin, and nothing but zeros where the label is below 0", (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 100 }), fc.nat(), anyNumbers, (count, seed, numbers) => {
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const before = imageOf(numbers, count);
        const values = allocate(Float32Array, before);
        const after = allocate(Float32Array, [1]);
        const label = allocate(Int16Array, labelOf(seed, count));
        kernels.maskImage(values, label);
        t.true(values.every((value, i) => Object.is(value, (label[i] as number) < 0 ? 0 : before[i])));
        return [values, after, label];
      });
      t.deepEqual(kernel, twin);
    }),
  );
});

test("scaleShift, moments and gamma give the bits of their twins", (t) => {
  const by = fc.record({ subtract: anyFloat, scale: anyFloat, add: anyFloat });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1100 }),
      anyNumbers,
      fc.constantFrom(1, 1e-20, 1e18), // of the last two, f32 does not hold the squares
      by,
      fc.float({ min: Math.fround(0.1), max: 5, noNaN: true }),
      (count, numbers, size, drawn, exponent) => {
        const { kernel, twin } = inBoth((kernels, allocate) => {
          const [scaled, bent, inverted] = [0, 1, 2].map(() => {
            allocate(Float32Array, 16);
            return allocate(
              Float32Array,
              imageOf(numbers, count).map((value) => (numbers.isExtreme ? value : value * size)),
            );
          }) as [Float32Array, Float32Array, Float32Array];
          const [result, powers, invertedPowers] = [4, 2, 2].map((length) => allocate(Float64Array, length)) as [
            Float64Array,
            Float64Array,
            Float64Array,
          ];
          kernels.moments(result, scaled);
          const [, , least, most] = result as unknown as [number, number, number, number];
          kernels.scaleShift(scaled, { ...drawn, low: least, high: most });
          const halfRange = most / 2 - least / 2;
          kernels.gamma(powers, bent, { sign: 1, halfMin: least / 2, halfRange, exponent });
          kernels.gamma(invertedPowers, inverted, { sign: -1, halfMin: -most / 2, halfRange, exponent });
          t.true([scaled, bent, inverted].every((values) => values.every(Number.isFinite)));
          return [result, scaled, bent, inverted, powers, invertedPowers];
        });
        t.deepEqual(kernel, twin);
      },
    ),
  );
});

test("resample gives the bits of its twin", (t) => {
  fc.assert(
    fc.property(size, filled, anyNumbers, (targetSize, sourceSize, numbers) => {
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const values = allocate(Float32Array, imageOf(numbers, voxelCount(sourceSize)));
        const row = allocate(Float32Array, sourceSize[2] + 16);
        const taps = targetSize.map((extent, axis) => {
          const words = allocate(Int32Array, 4 * extent);
          const weights = new Float32Array(words.buffer, words.byteOffset, words.length);
          for (let i = 0; i < extent; i++) {
            const last = (sourceSize[axis] as number) - 1;
            words[4 * i] = Math.floor((i * last) / extent);
            words[4 * i + 1] = Math.min(last, (words[4 * i] as number) + 1);
            weights[4 * i + 2] = 1 - ((i * 0.37) % 1);
            weights[4 * i + 3] = (i * 0.37) % 1;
          }
          return words;
        }) as unknown as readonly [Int32Array, Int32Array, Int32Array];
        allocate(Float32Array, 16);
        const target = allocate(Float32Array, voxelCount(targetSize));
        kernels.resample({ values: target, size: targetSize }, { values, size: sourceSize }, taps, row);
        t.true(target.every(Number.isFinite));
        return [target];
      });
      t.deepEqual(kernel, twin);
    }),
  );
});

test("every way to write a patch gives the bits of its twin", (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 300 }), anyNumbers, (count, numbers) => {
      const { kernel, twin } = inBoth((kernels, allocate) => {
        const image = allocate(Float32Array, imageOf(numbers, count));
        const label = allocate(Int16Array, labelOf(numbers.seed, count));
        const [u8, i16] = [allocate(Uint8Array, count), allocate(Int16Array, count)];
        const [f16, bf16] = [allocate(Uint16Array, count), allocate(Uint16Array, count)];
        const next = allocate(Int16Array, [77]);
        kernels.writeF16(f16, image);
        kernels.writeBf16(bf16, image);
        kernels.writeLabelU8(u8, label);
        kernels.writeLabelI16(i16, label);
        return [f16, bf16, u8, i16, next];
      });
      t.deepEqual(kernel, twin);
    }),
  );
});

test("kernels reach addresses above 2 GiB", (t) => {
  const memory = new WebAssembly.Memory({ initial: 65_536, maximum: 65_536, shared: true });
  const kernels = instantiateKernels(compileKernels(), memory);
  const [source, target] = [3.5, 3.75].map((gib) => new Float32Array(memory.buffer, gib * 2 ** 30, 1000)) as [
    Float32Array,
    Float32Array,
  ];
  source.set(imageOf({ seed: 1, isExtreme: false }, 1000));
  const size = [10, 10, 10] as const;
  kernels.cropImage({ values: target, size }, { values: source, size }, [0, 0, 0], 0);
  t.deepEqual([...target], [...source]);
});

test("a view of other memory, or too short for its size, is refused", (t) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const kernels = instantiateKernels(compileKernels(), memory);
  const size = [2, 2, 2] as const;
  const inside = { values: new Float32Array(memory.buffer, 0, 8), size };
  const outside = { values: new Float32Array(8), size };
  const short = { values: new Float32Array(memory.buffer, 0, 7), size };
  t.throws(() => kernels.cropImage(inside, outside, [0, 0, 0], 0), { instanceOf: RangeError });
  t.throws(() => kernels.cropImage(inside, short, [0, 0, 0], 0), { instanceOf: RangeError });
  const last = new Float32Array(memory.buffer, 65_536 - 32, 8);
  const result = new Float64Array(memory.buffer, 0, 2);
  t.throws(() => kernels.gamma(result, last, { sign: 1, halfMin: 0, halfRange: 1, exponent: 1 }), {
    instanceOf: RangeError,
  });
});
