import test from "ava";
import fc from "fast-check";
import type { Zyx } from "../../../plan/index.js";
import { labelMaker, labelOnOriginalGrid, labelReading } from "../../../trainer/inference/export-label.js";
import { golden, logitsOf } from "../golden-losses.js";

const permutations: Zyx[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const extent = fc.integer({ min: 1, max: 6 });

test("a label cut and transposed as ingest does comes back to its own voxels, with 0 outside the crop", (t) => {
  fc.assert(
    fc.property(
      fc.tuple(extent, extent, extent),
      fc.constantFrom(...permutations),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (originalShape, transpose, cuts) => {
        const transposed = transpose.map((axis) => originalShape[axis as 0 | 1 | 2]) as unknown as Zyx;
        const cropStart = transposed.map((n, i) => Math.floor((cuts[i] as number) * (n - 1))) as unknown as Zyx;
        const cropEnd = transposed.map(
          (n, i) =>
            (cropStart[i] as number) + 1 + Math.floor((cuts[i + 3] as number) * (n - (cropStart[i] as number) - 1)),
        ) as unknown as Zyx;
        const source = (z: number, y: number, x: number) => 1 + ((z * 5 + y * 3 + x) % 3);

        const [dz, dy, dx] = cropEnd.map((end, i) => end - (cropStart[i] as number)) as unknown as Zyx;
        const logits = new Float32Array(4 * dz * dy * dx);
        const expected = new Uint8Array(originalShape[0] * originalShape[1] * originalShape[2]);
        for (let z = 0; z < dz; z++)
          for (let y = 0; y < dy; y++)
            for (let x = 0; x < dx; x++) {
              const stored = [z + cropStart[0], y + cropStart[1], x + cropStart[2]] as const;
              const place: [number, number, number] = [0, 0, 0];
              for (const i of [0, 1, 2] as const) place[transpose[i] as 0 | 1 | 2] = stored[i];
              const value = source(...place);
              logits[value * dz * dy * dx + (z * dy + y) * dx + x] = 1;
              expected[(place[0] * originalShape[1] + place[1]) * originalShape[2] + place[2]] = value;
            }
        const label = labelOnOriginalGrid(
          { shape: [4, dz, dy, dx], values: logits },
          { originalShape, originalSpacingMm: [1, 1, 1], transpose, cropStart, cropEnd, spacingMm: [1, 1, 1] },
        );
        t.deepEqual(label, expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("logits on another spacing are resampled before the largest is taken, and ties go to the lowest class", (t) => {
  const geometry = {
    originalShape: [1, 1, 4],
    originalSpacingMm: [1, 1, 1],
    transpose: [0, 1, 2],
    cropStart: [0, 0, 0],
    cropEnd: [1, 1, 4],
    spacingMm: [1, 1, 2],
  } as const;
  const logits = { shape: [2, 1, 1, 2], values: Float32Array.of(1, 0, 0, 1) } as const;
  // Half-pixel grid: class 1 rises 0, 0.25, 0.75, 1 while class 0 falls.
  t.deepEqual([...labelOnOriginalGrid(logits, geometry)], [0, 0, 1, 1]);
  const equal = { shape: [2, 1, 1, 2], values: Float32Array.of(1, 1, 1, 1) } as const;
  t.deepEqual([...labelOnOriginalGrid(equal, geometry)], [0, 0, 0, 0]);
});

for (const one of golden.cases) {
  test(`${one.name}: logits become the label that nnU-Net makes of them`, (t) => {
    const { regions, order = [], segmentation, outputs } = one;
    const sourceValues = [0, 1, 2, 3];
    const reading = labelReading({
      sourceValues,
      ...(regions && {
        regions: regions.map((values, index) => ({ name: `${index}`, values, exportValue: order[index] as number })),
      }),
    });
    const values = logitsOf(one).subarray(0, outputs * segmentation.length);
    const size = golden.size;
    const geometry = {
      originalShape: size,
      originalSpacingMm: [1, 1, 1],
      transpose: [0, 1, 2],
      cropStart: [0, 0, 0],
      cropEnd: size,
      spacingMm: [1, 1, 1],
    } as const;
    t.deepEqual([...labelOnOriginalGrid({ shape: [outputs, ...size], values }, geometry, reading)], segmentation);
  });
}

test("planes may come in any portions: the label is that of all at once, for classes and for regions", (t) => {
  const size = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
  const spacing = fc.constantFrom<Zyx>([1, 1, 1], [5, 1, 1], [1, 5, 1], [0.5, 1, 1.5]);
  fc.assert(
    fc.property(
      size,
      size,
      spacing,
      spacing,
      fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
      fc.integer(),
      (from, to, spacingMm, originalSpacingMm, portions, salt) => {
        const outputs = 3;
        const plane = from[1] * from[2];
        const values = Float32Array.from({ length: outputs * from[0] * plane }, (_, i) => Math.sin(salt + i * i));
        const logits = { shape: [outputs, ...from] as const, values };
        const geometry = {
          originalShape: to,
          originalSpacingMm,
          transpose: [0, 1, 2],
          cropStart: [0, 0, 0],
          cropEnd: to,
          spacingMm,
        } as const;
        for (const reading of [{ kind: "classes" }, { kind: "regions", values: [2, 1, 3] }] as const) {
          const maker = labelMaker(logits.shape, geometry, reading);
          for (let z = 0; z < from[0]; ) {
            const planes = Math.min(portions.next().value as number, from[0] - z);
            const parts = Array.from({ length: outputs }, (_, k) =>
              values.subarray((k * from[0] + z) * plane, (k * from[0] + z + planes) * plane),
            );
            const portion = Float32Array.from(parts.flatMap((part) => [...part]));
            maker.take({ z, logits: { shape: [outputs, planes, from[1], from[2]], values: portion } });
            z += planes;
          }
          t.deepEqual(maker.label, labelOnOriginalGrid(logits, geometry, reading));
        }
      },
    ),
    { numRuns: 300 },
  );
});
