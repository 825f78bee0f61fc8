import test from "ava";
import fc from "fast-check";
import { labelNumbers } from "../../../loader/engine/cut/class-voxels.js";
import type { BatchPlace, Workplace } from "../../../loader/engine/cut/patch.js";
import { patchCutter } from "../../../loader/engine/cut/patch-cutter.js";
import { slabsOf } from "../../../loader/engine/cut/slabs.js";
import type { Box } from "../../../loader/engine/cut/source.js";
import { boxAround } from "../../../loader/engine/cut/transforms/spatial.js";
import { scratchBytes } from "../../../loader/engine/memory/scratch.js";
import { referenceKernels } from "../../../loader/kernels/kernels.reference.js";
import type { SpatialTransform, Transform } from "../../../plan/augment/transform.js";
import { philox4x32 } from "../../../plan/random.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { inKernelMemory, type PlainSource } from "../kernel-memory.js";

const WIRE = { image: "f32", label: "i16", layout: "channels-first" } as const;
const U8 = { ...WIRE, label: "u8" } as const;

function phantom(channels: number, size: Zyx, seed: number): PlainSource {
  const voxels = voxelCount(size);
  return {
    image: {
      values: Float32Array.from(
        { length: channels * voxels },
        (_, i) => philox4x32([i, 0, 0, 0], [seed, 3])[0] / 2 ** 31 - 1,
      ),
      shape: [channels, ...size],
    },
    label: {
      values: Int16Array.from({ length: voxels }, (_, i) => (philox4x32([i >> 3, 0, 0, 0], [seed, 4])[0] % 4) - 1),
      shape: [1, ...size],
    },
  };
}

/** One patch, image and label, by the kernels (on a marked label or on one of i16) or by their twins. */
function cutOne(
  source: PlainSource,
  box: Box,
  patchSize: Zyx,
  transforms: readonly Transform[],
  by: "kernels" | "kernels, marked" | "twins" = "kernels",
  wire: typeof WIRE | typeof U8 = WIRE,
  mirrored = 5,
) {
  const [channels] = source.image.shape;
  const imageBytes = 4 * channels * voxelCount(patchSize);
  const labelBytes = (wire.label === "u8" ? 1 : 2) * voxelCount(patchSize);
  const batch: BatchPlace = {
    buffer: new SharedArrayBuffer(imageBytes + labelBytes),
    offset: 0,
    samples: 1,
    channels,
  };
  const sizes = { patchSize, cropSize: box.size };
  const twins: Workplace = { kernels: referenceKernels, buffer: new ArrayBuffer(scratchBytes(sizes)), offset: 0 };
  const own = inKernelMemory(source, scratchBytes(sizes), by === "kernels, marked");
  const [workplace, from] = by === "twins" ? [twins, source] : [own.workplace, own.source];
  const cutPatch = patchCutter({ ...sizes, wire, deepLabels: [], seed: 2 ** 40 + 7 }, batch, workplace);
  cutPatch(from, { lower: box.lower, transforms, mirrored, place: 0 });
  return {
    image: new Float32Array(batch.buffer, 0, imageBytes / 4),
    label: labelNumbers(wire.label, new Uint8Array(batch.buffer, imageBytes, labelBytes)),
  };
}

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const extent = fc.integer({ min: 1, max: 9 });
const size: fc.Arbitrary<Zyx> = fc.tuple(extent, extent, extent);
const start = fc.integer({ min: -4, max: 6 });
const lower: fc.Arbitrary<Zyx> = fc.tuple(start, start, start);
const angle = between(-Math.PI, Math.PI);
const spatial: fc.Arbitrary<SpatialTransform> = fc.record({
  kind: fc.constant("spatial"),
  anglesRad: fc.tuple(angle, angle, angle),
  scale: between(0.7, 1.4),
  inPlane: fc.boolean(),
});
const eachOfTwo = <T>(value: fc.Arbitrary<T>) => fc.array(fc.option(value), { minLength: 2, maxLength: 2 });
const sigma = between(0.1, 2);
const zoom = between(0.3, 1);
const word = fc.nat();

/** Any of nnU-Net's transforms with any parameters, in its order. */
const anyTransforms: fc.Arbitrary<Transform[]> = fc
  .tuple(
    fc.option(spatial),
    fc.option(fc.record({ kind: fc.constant("noise"), sigma, counter: fc.tuple(word, word, word) })),
    fc.option(fc.record({ kind: fc.constant("blur"), sigmas: eachOfTwo(fc.tuple(sigma, sigma, sigma)) })),
    fc.option(fc.record({ kind: fc.constant("brightness"), factors: eachOfTwo(between(0.5, 2)) })),
    fc.option(fc.record({ kind: fc.constant("contrast"), factors: eachOfTwo(between(0.5, 2)) })),
    fc.option(fc.record({ kind: fc.constant("low-resolution"), zooms: eachOfTwo(fc.tuple(zoom, zoom, zoom)) })),
    fc.option(fc.record({ kind: fc.constant("gamma"), inverted: fc.boolean(), gammas: eachOfTwo(between(0.5, 2)) })),
    fc.option(fc.record({ kind: fc.constant("mask"), channels: fc.subarray([0, 1]) })),
  )
  .map((drawn) => drawn.filter((transform) => transform !== null) as Transform[]);

test("an augmented patch has the bits that the plain twins give it", (t) => {
  fc.assert(
    fc.property(
      fc.nat(),
      size,
      size,
      lower,
      fc.option(size),
      anyTransforms,
      fc.constantFrom("kernels", "kernels, marked"),
      fc.constantFrom(WIRE, U8),
      (seed, extents, cropSize, from, resized, transforms, by, wire) => {
        const source = phantom(2, extents, seed);
        const box = { lower: from, size: cropSize };
        const kernel = cutOne(source, box, resized ?? cropSize, transforms, by, wire);
        const twin = cutOne(source, box, resized ?? cropSize, transforms, "twins", wire);
        t.deepEqual(new Uint8Array(kernel.image.buffer), new Uint8Array(twin.image.buffer));
        t.true(kernel.image.every(Number.isFinite));
        t.true(kernel.label.every((value) => value >= 0 && value <= 2));
      },
    ),
    { numRuns: 200 },
  );
});

test("so has a patch that is written in several slabs, the last one smaller", (t) => {
  const box = { lower: [-1, 5, 3], size: [5, 130, 131] } as const;
  t.deepEqual(
    slabsOf(box.size).map(({ size: [planes] }) => planes),
    [3, 2],
  );
  const source = phantom(2, [7, 120, 150], 5);
  const turned: Transform = { kind: "spatial", anglesRad: [0.2, 0.1, -0.3], scale: 1.2, inPlane: false };
  const noise: Transform = { kind: "noise", sigma: 0.5, counter: [1, 2, 3] };
  const gamma: Transform = { kind: "gamma", inverted: true, gammas: [0.8, null] };
  for (const transforms of [[], [noise, gamma], [turned, noise]]) {
    const kernel = cutOne(source, box, box.size, transforms, "kernels, marked", U8);
    const twin = cutOne(source, box, box.size, transforms, "twins", U8);
    t.true(Buffer.from(kernel.image.buffer).equals(Buffer.from(twin.image.buffer)));
  }
});

test("made in the batch's own memory it has the same bytes as made elsewhere, and no other byte changes", (t) => {
  const alignedSize = fc.constantFrom<Zyx>([4, 4, 4], [2, 2, 8], [1, 3, 16], [4, 5, 12], [3, 4, 20]);
  fc.assert(
    fc.property(
      fc.nat(),
      size,
      fc.oneof(alignedSize, size),
      lower,
      fc.option(size),
      anyTransforms,
      (seed, extents, patchSize, from, cropSize, transforms) => {
        const source = phantom(2, extents, seed);
        const box = { lower: from, size: cropSize ?? patchSize };
        const elsewhere = cutOne(source, box, patchSize, transforms);
        const [imageBytes, labelBytes] = [elsewhere.image.byteLength, elsewhere.label.byteLength];
        const sizes = { patchSize, cropSize: box.size };
        const [samples, place] = [3, 1];
        const start = 8 * Math.ceil(scratchBytes(sizes) / 8);
        const bytes = samples * (imageBytes + labelBytes);
        const { workplace, source: copy } = inKernelMemory(source, start + bytes);
        const { buffer } = workplace;
        const batch = { buffer, offset: workplace.offset + start, samples, channels: 2 };
        const all = new Uint8Array(buffer, batch.offset, bytes).fill(0xaa);
        const cutPatch = patchCutter({ ...sizes, wire: WIRE, deepLabels: [], seed: 2 ** 40 + 7 }, batch, workplace);
        cutPatch(copy, { lower: box.lower, transforms, mirrored: 5, place });
        const others = (count: number) => new Uint8Array(count).fill(0xaa);
        const expected = Buffer.concat([
          others(imageBytes),
          new Uint8Array(elsewhere.image.buffer, 0, imageBytes),
          others(imageBytes + labelBytes),
          new Uint8Array(elsewhere.image.buffer, imageBytes, labelBytes),
          others(labelBytes),
        ]);
        t.true(expected.equals(all));
      },
    ),
    { numRuns: 200 },
  );
});

test("a mirrored patch of low resolution is the mirror image of the patch as it would be", (t) => {
  fc.assert(
    fc.property(fc.nat(), size, lower, fc.tuple(zoom, zoom, zoom), (seed, patchSize, from, zooms) => {
      const source = phantom(1, [7, 8, 9], seed);
      const box = { lower: from, size: patchSize };
      const transforms: Transform[] = [{ kind: "low-resolution", zooms: [zooms] }];
      const plain = cutOne(source, box, patchSize, transforms, "kernels", WIRE, 0).image;
      const mirrored = cutOne(source, box, patchSize, transforms).image;
      const [depth, height, width] = patchSize;
      const voxels = [...plain.keys()].map(
        (i) => [Math.floor(i / width / height), Math.floor(i / width) % height, i % width] as const,
      );
      t.deepEqual(
        Float32Array.from(voxels, (voxel) => unmirrored(mirrored, [depth, height, width], voxel)),
        plain,
      );
    }),
  );
});

/** The part of a volume that a box touches, and where it begins. */
function partOf({ image, label }: PlainSource, { lower: from, size: extents }: Box): { part: PlainSource; start: Zyx } {
  const [channels, ...whole] = image.shape;
  const range = (axis: 0 | 1 | 2) => {
    const clamp = (at: number) => Math.min(Math.max(at, 0), whole[axis]);
    return [clamp(from[axis]), clamp(from[axis] + extents[axis])] as const;
  };
  const [[z0, z1], [y0, y1], [x0, x1]] = [range(0), range(1), range(2)];
  const partSize: Zyx = [z1 - z0, y1 - y0, x1 - x0];
  const copy = (values: ArrayLike<number>, c: number) =>
    Array.from({ length: voxelCount(partSize) }, (_, i) => {
      const [x, y, z] = [
        i % partSize[2],
        Math.floor(i / partSize[2]) % partSize[1],
        Math.floor(i / partSize[2] / partSize[1]),
      ];
      return values[((c * whole[0] + z0 + z) * whole[1] + y0 + y) * whole[2] + x0 + x] as number;
    });
  const images = Array.from({ length: channels }, (_, c) => copy(image.values, c));
  return {
    part: {
      image: { values: Float32Array.from(images.flat()), shape: [channels, ...partSize] },
      label: { values: Int16Array.from(copy(label.values, 0)), shape: [1, ...partSize] },
    },
    start: [z0, y0, x0],
  };
}

test("the box around a turned patch holds all it reads: cut from that part of the volume it has the same bits", (t) => {
  fc.assert(
    fc.property(fc.nat(), size, lower, spatial, (seed, cropSize, from, transform) => {
      const source = phantom(1, [13, 14, 15], seed);
      const { part, start: at } = partOf(source, boxAround(transform, { lower: from, size: cropSize }));
      const inPart: Zyx = [from[0] - at[0], from[1] - at[1], from[2] - at[2]];
      const whole = cutOne(source, { lower: from, size: cropSize }, cropSize, [transform]);
      const fromPart = cutOne(part, { lower: inPart, size: cropSize }, cropSize, [transform]);
      t.deepEqual(fromPart.image, whole.image);
      t.deepEqual(fromPart.label, whole.label);
    }),
    { numRuns: 200 },
  );
});

test("an image coloured by its label is turned as the label is", (t) => {
  fc.assert(
    fc.property(fc.nat(), spatial, (seed, transform) => {
      const { label } = phantom(1, [24, 24, 24], seed);
      label.values.forEach((value, i) => {
        label.values[i] = value > 0 ? 1 : 0;
      });
      const image = { values: Float32Array.from(label.values), shape: [1, 24, 24, 24] as const };
      const box = { lower: [9, 9, 9], size: [6, 6, 6] } as const; // its corners stay inside, however it is turned
      const patch = cutOne({ image, label }, box, box.size, [transform]);
      for (const [i, share] of patch.image.entries())
        if (Math.abs(share - 0.5) > 1e-5) t.is(patch.label[i], share > 0.5 ? 1 : 0);
    }),
  );
});

test("a masked channel is 0 where the patch's own label is below 0; all else is as it is without the mask", (t) => {
  fc.assert(
    fc.property(fc.nat(), fc.option(spatial), fc.option(size), (seed, turned, resized) => {
      const source = phantom(2, [24, 24, 24], seed);
      const oneUp = { ...source, label: { ...source.label, values: source.label.values.map((value) => value + 1) } };
      const box = { lower: [9, 9, 9], size: [6, 6, 6] } as const; // its corners stay inside, however it is turned
      const patchSize = resized ?? box.size;
      const transforms: Transform[] = [
        ...(turned === null ? [] : [turned]),
        { kind: "noise", sigma: 1, counter: [1, 2, 3] },
      ];
      const unmasked = cutOne(source, box, patchSize, transforms);
      const masked = cutOne(source, box, patchSize, [...transforms, { kind: "mask", channels: [1] }]);
      const { label } = cutOne(oneUp, box, patchSize, transforms); // 0 is -1
      const first = voxelCount(patchSize);
      const expected = unmasked.image.map((value, i) => (i >= first && label[i - first] === 0 ? 0 : value));
      t.deepEqual(masked.image, expected);
      t.deepEqual(masked.label, unmasked.label);
    }),
  );
});

/** A patch without mirroring: `cutOne` mirrors Z and X. */
function unmirrored(image: Float32Array, [depth, height, width]: Zyx, [z, y, x]: Zyx): number {
  return image[((depth - 1 - z) * height + y) * width + width - 1 - x] as number;
}

test("a quarter turn about one axis reads the neighbouring axis, in nnU-Net's direction; a zoom reads farther out", (t) => {
  const source = phantom(1, [9, 9, 9], 1);
  const at = (z: number, y: number, x: number) => source.image.values[(z * 9 + y) * 9 + x] as number;
  const box = { lower: [0, 0, 0], size: [9, 9, 9] } as const;
  const quarter = Math.PI / 2;
  const turned: [Zyx, (z: number, y: number, x: number) => number][] = [
    [[quarter, 0, 0], (z, y, x) => at(z, 8 - x, y)],
    [[0, quarter, 0], (z, y, x) => at(x, y, 8 - z)],
    [[0, 0, quarter], (z, y, x) => at(8 - y, z, x)],
  ];
  for (const [anglesRad, expected] of turned) {
    const { image } = cutOne(source, box, box.size, [{ kind: "spatial", anglesRad, scale: 1, inPlane: false }]);
    for (let z = 1; z < 8; z++)
      for (let y = 1; y < 8; y++)
        for (let x = 1; x < 8; x++) t.true(Math.abs(unmirrored(image, box.size, [z, y, x]) - expected(z, y, x)) < 1e-5);
  }
  const zoomed = cutOne(
    source,
    { lower: [2, 2, 2], size: [5, 5, 5] },
    [5, 5, 5],
    [{ kind: "spatial", anglesRad: [0, 0, 0], scale: 2, inPlane: false }],
  );
  t.is(unmirrored(zoomed.image, [5, 5, 5], [3, 2, 1]), at(6, 4, 2));
  const inPlane = cutOne(
    source,
    { lower: [2, 2, 2], size: [5, 5, 5] },
    [5, 5, 5],
    [{ kind: "spatial", anglesRad: [0, 1, 1], scale: 2, inPlane: true }],
  );
  t.is(unmirrored(inPlane.image, [5, 5, 5], [3, 2, 1]), at(5, 4, 2));
});

test("gamma keeps mean and deviation, contrast the mean and the range, blur and low resolution a constant", (t) => {
  const source = phantom(1, [8, 9, 10], 2);
  const box = { lower: [0, 0, 0], size: [8, 9, 10] } as const;
  const statistics = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return { mean, deviation: Math.sqrt(variance), least: Math.min(...values), most: Math.max(...values) };
  };
  const before = statistics(source.image.values);
  for (const inverted of [false, true]) {
    const { image } = cutOne(source, box, box.size, [{ kind: "gamma", inverted, gammas: [1.4] }]);
    const after = statistics(image);
    t.true(Math.abs(after.mean - before.mean) < 1e-6);
    t.true(Math.abs(after.deviation - before.deviation) < 1e-6);
    t.notDeepEqual(image, source.image.values);
  }
  const contrast = statistics(cutOne(source, box, box.size, [{ kind: "contrast", factors: [1.2] }]).image);
  t.is(contrast.least, before.least);
  t.is(contrast.most, before.most);
  source.image.values.fill(0.75);
  const smooth: Transform[] = [
    { kind: "blur", sigmas: [[1, 0.5, 0.8]] },
    { kind: "low-resolution", zooms: [[0.6, 0.6, 0.6]] },
    { kind: "gamma", inverted: false, gammas: [1.3] },
  ];
  t.true(cutOne(source, box, box.size, smooth).image.every((value) => Math.abs(value - 0.75) < 1e-6));
});
