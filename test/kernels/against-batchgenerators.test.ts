import { readFileSync } from "node:fs";
import test from "ava";
import { applyTransforms } from "../../loader/engine/cut/transforms/apply.js";
import { spatialGrid } from "../../loader/engine/cut/transforms/spatial.js";
import { type Scratch, scratchAt, scratchBytes } from "../../loader/engine/memory/scratch.js";
import type { Grid } from "../../loader/kernels/kernels.js";
import { referenceKernels as kernels } from "../../loader/kernels/kernels.reference.js";
import type { Transform } from "../../plan/augment/transform.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";

/** A patch after one transform, by batchgeneratorsv2 itself; augmentation.py says how it is made. */
interface Golden {
  readonly name: string;
  readonly transform: Transform;
  readonly lower: Zyx;
  readonly image: string;
  readonly label?: string;
  /** Voxels whose two most likely labels its float16 may not tell apart. */
  readonly undecided?: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL("../../../test/golden/augmentation.json", import.meta.url), "utf8")) as {
  readonly volume: { readonly size: Zyx; readonly channels: number; readonly image: string; readonly label: string };
  readonly patchSize: Zyx;
  readonly cases: readonly Golden[];
};

const { patchSize, volume } = golden;
const voxels = voxelCount(patchSize);
const channels = Array.from({ length: volume.channels }, (_, channel) => channel);
const volumeLabel: Grid<Int16Array> = { values: labels(volume.label), size: volume.size };

function floats(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}

function labels(text: string): Int16Array {
  return Int16Array.from(new Int8Array(Buffer.from(text, "base64")));
}

function volumeChannel(index: number): Grid<Float32Array> {
  const count = voxelCount(volume.size);
  return { values: floats(volume.image).subarray(index * count, (index + 1) * count), size: volume.size };
}

function openScratch(): Scratch {
  const sizes = { cropSize: patchSize, patchSize };
  return scratchAt(new ArrayBuffer(scratchBytes(sizes)), 0, sizes);
}

/** One channel of the patch at `lower` after one transform. */
function transformed({ transform, lower }: Golden, index: number): Float32Array {
  const {
    images,
    labels: [label],
    tables,
  } = openScratch();
  const [values, spare] = [images[0].subarray(0, voxels), images[1].subarray(0, voxels)];
  if (transform.kind === "spatial") {
    const grid = Float64Array.from(spatialGrid(transform, patchSize));
    kernels.warpImage({ values, size: patchSize }, volumeChannel(index), lower, grid, 0, tables.row);
  } else {
    kernels.cropImage({ values, size: patchSize }, volumeChannel(index), lower, 0);
    kernels.cropLabel({ values: label, size: patchSize }, volumeLabel, lower, 0);
  }
  return applyTransforms(
    [transform],
    { values, spare, label, index, size: patchSize, mirrored: 0 },
    { kernels, tables, seed: 1 },
  ).values;
}

/** Half of the distance of 1 from the next float32. */
const ROUNDING = 2 ** -24;

/** The image lies within 2.7 of 0, and neighbours within 5.2 of each other. */
const [LARGEST, STEEPEST] = [2.7, 5.2];

/** Largest differences allowed: roundings of float32, the library's or ours, and what they move. */
const TOLERANCE: Readonly<Partial<Record<Transform["kind"], number>>> = {
  spatial: 3 * STEEPEST * (4 * ROUNDING * 17), // on each axis a coordinate of at most 17 voxels, rounded 4 times
  blur: 3 * (7 + 7) * ROUNDING * LARGEST, // on each axis 7 products and sums
  brightness: 0,
  contrast: 8 * ROUNDING * 2 * LARGEST, // the mean, and a sum, a product and a sum of up to twice the values
  "low-resolution": 3 * STEEPEST * (4 * ROUNDING * 13), // as spatial
  mask: 0,
  // a logarithm within 2.5e-6, times ln 2 and an exponent of up to 2; a power within 2e-7; a range of up to twice the values; four statistics
  gamma: (3.7e-6 + 32 * ROUNDING) * 2 * LARGEST,
};

for (const one of golden.cases) {
  const { name, transform, lower, image, label, undecided = [] } = one;
  test(`${name} ${JSON.stringify(transform)}: the image is batchgeneratorsv2's`, (t) => {
    for (const index of channels) {
      const want = floats(image).subarray(index * voxels, (index + 1) * voxels);
      const got = transformed(one, index);
      const apart = got.reduce((most, value, voxel) => Math.max(most, Math.abs(value - (want[voxel] as number))), 0);
      t.true(apart <= (TOLERANCE[transform.kind] as number), `channel ${index}: apart by ${apart}`);
    }
  });

  if (label === undefined || transform.kind !== "spatial") continue;
  test(`${name}: so is the label, but where two classes are equally likely`, (t) => {
    const got: Grid<Int16Array> = { values: new Int16Array(voxels), size: patchSize };
    kernels.warpLabel(got, volumeLabel, lower, Float64Array.from(spatialGrid(transform, patchSize)), 0);
    const want = labels(label);
    const different = [...got.values.keys()].filter((voxel) => got.values[voxel] !== want[voxel]);
    t.deepEqual(
      different.filter((voxel) => !undecided.includes(voxel)),
      [],
    );
  });
}
