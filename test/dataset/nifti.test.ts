import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { readNifti } from "../../loader/dataset/nifti/read-nifti.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "./temporary-folder.js";
import { DATATYPES, type Datatype, niftiBytes, writeNifti } from "./write-nifti.js";

const RANGES: Record<Datatype, fc.Arbitrary<number>> = {
  uint8: fc.integer({ min: 0, max: 2 ** 8 - 1 }),
  int8: fc.integer({ min: -(2 ** 7), max: 2 ** 7 - 1 }),
  uint16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint64: fc.maxSafeNat(),
  int64: fc.maxSafeInteger(),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }),
};

for (const datatype of Object.keys(DATATYPES) as Datatype[]) {
  test(`${datatype} voxels are read in either byte order, scaled, from NIfTI-1 and NIfTI-2, plain and gzipped`, (t) => {
    const path = join(temporaryFolder(t), "volume.nii");
    const size = fc.integer({ min: 1, max: 4 });
    const scaling = fc.constantFrom([0, 7], [1, 0], [0.5, -3], [-2, 1000]);
    const file = fc.record({
      shape: fc.oneof(fc.tuple(size, size, size), fc.tuple(size, size, size, size)),
      seed: fc.array(RANGES[datatype], { minLength: 1, maxLength: 20 }),
      version: fc.constantFrom(1 as const, 2 as const),
      littleEndian: fc.boolean(),
      scaling,
      gzipped: fc.boolean(),
    });
    fc.assert(
      fc.property(file, ({ shape, seed, version, littleEndian, scaling: [slope = 0, intercept = 0], gzipped }) => {
        const values = Array.from(
          { length: shape.reduce((a, b) => a * b, 1) },
          (_, i) => seed[i % seed.length] as number,
        );
        const bytes = niftiBytes({ shape, values, datatype, version, littleEndian, slope, intercept });
        writeFileSync(path, gzipped ? gzipSync(bytes) : bytes);
        const { header, voxels } = readNifti(path);
        t.deepEqual([...header.shape], shape.length === 4 ? shape : [1, ...shape]);
        const [factor, offset] = slope === 0 ? [1, 0] : [slope, intercept];
        const scaled = values.map((value) => value * factor + offset);
        t.deepEqual(voxels, Float32Array.from(scaled));
      }),
      { numRuns: 40 },
    );
  });
}

test("axes come out as Z,Y,X: the file's x runs fastest", (t) => {
  const path = join(temporaryFolder(t), "volume.nii.gz");
  writeNifti(path, { shape: [2, 3, 4], spacingMm: [5, 0.5, 0.25] });
  const { header, voxels } = readNifti(path);
  t.deepEqual(header.shape, [1, 2, 3, 4]);
  t.deepEqual(header.spacingMm, [5, 0.5, 0.25]);
  t.deepEqual(
    [...voxels],
    Array.from({ length: 24 }, (_, i) => i),
  );
});

test("the affine is the sform's, else the qform's, else the plain voxel sizes", (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  const shape = [1, 1, 1];
  const spacingMm = [3, 2, 1];
  const sform = [
    [0, -2, 0, 5],
    [1, 0, 0, 6],
    [0, 0, 3, 7],
  ];
  writeNifti(path, { shape, spacingMm, sform });
  t.deepEqual(readNifti(path).header.affine, [...sform.flat(), 0, 0, 0, 1]);

  writeNifti(path, { shape, spacingMm, qform: { bcd: [1, 0, 0], offset: [4, 5, 6], sign: -1 } });
  const unsigned = readNifti(path).header.affine.map((value) => value + 0);
  t.deepEqual(unsigned, [1, 0, 0, 4, 0, -2, 0, 5, 0, 0, 3, 6, 0, 0, 0, 1]);

  writeNifti(path, { shape, spacingMm });
  t.deepEqual(readNifti(path).header.affine, [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
});

test("a quaternion that rounding made longer than 1 still gives a finite affine", (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], qform: { bcd: [0.70710683, 0.70710683, 0], offset: [0, 0, 0] } });
  t.true(readNifti(path).header.affine.every(Number.isFinite));
});

test("metres and microns become millimetres", (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], spacingMm: [0.5, 0.25, 0.125], units: 1 });
  t.deepEqual(readNifti(path).header.spacingMm, [500, 250, 125]);
  writeNifti(path, { shape: [1, 1, 1], spacingMm: [2000, 1000, 500], units: 3 });
  t.deepEqual(readNifti(path).header.spacingMm, [2, 1, 0.5]);
});

test("nothing of a header's text is kept", (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], description: "DOE^JANE" });
  t.false(JSON.stringify(readNifti(path).header).includes("DOE"));
});

/** Bad files, each made from a good one of 2x3x4 int16 voxels, and what the complaint says. */
const damages: Record<string, [damage: (path: string) => void, reason: RegExp]> = {
  "a missing file": [() => undefined, /there is no such file/],
  "an empty file": [(path) => writeFileSync(path, ""), /does not begin with a NIfTI header/],
  "a file of something else": [(path) => writeFileSync(path, "PNG".repeat(500)), /does not begin with a NIfTI header/],
  "a plain file cut short": [
    (path) => {
      writeNifti(path, { shape: [2, 3, 4] });
      truncateSync(path, 380);
    },
    /20 bytes of voxels are missing/,
  ],
  "bytes after the last voxel": [
    (path) => writeFileSync(path, Buffer.concat([niftiBytes({ shape: [2, 3, 4] }), Buffer.alloc(3)])),
    /3 bytes follow the last voxel/,
  ],
  "a gzip stream cut short": [
    (path) => {
      const bytes = gzipSync(niftiBytes({ shape: [20, 30, 40] }));
      writeFileSync(path, bytes.subarray(0, bytes.length - 100));
    },
    /gzip stream is damaged \(unexpected end of file\)/,
  ],
  "a flipped bit in a gzip stream": [
    (path) => {
      const bytes = gzipSync(niftiBytes({ shape: [20, 30, 40] }), { level: 0 });
      bytes.writeUInt8(bytes.readUInt8(9000) ^ 4, 9000);
      writeFileSync(path, bytes);
    },
    /gzip stream is damaged \(incorrect data check\)/,
  ],
  "more in the gzip stream than the header says": [
    (path) => writeFileSync(path, gzipSync(Buffer.concat([niftiBytes({ shape: [2, 3, 4] }), Buffer.alloc(1000)]))),
    /holds more voxels than its header says/,
  ],
  "a NaN": [
    (path) => writeNifti(path, { shape: [1, 1, 3], datatype: "float32", values: [1, Number.NaN, 2] }),
    /voxel 1 is NaN/,
  ],
  "an infinity": [
    (path) => writeNifti(path, { shape: [1, 1, 2], datatype: "float64", values: [1, Number.NEGATIVE_INFINITY] }),
    /voxel 1 is -Infinity/,
  ],
  "a value beyond float32": [
    (path) => writeNifti(path, { shape: [1, 1, 1], datatype: "float64", values: [1e39] }),
    /voxel 0 is 1e\+39/,
  ],
  "a size of zero": [(path) => writeNifti(path, { shape: [2, 0, 4] }), /the size 4x0x2x1/],
  "a 2-D image": [(path) => writeNifti(path, { shape: [3, 4] }), /2 dimensions/],
  "a 5-D image": [(path) => writeNifti(path, { shape: [2, 1, 2, 3, 4] }), /5 dimensions/],
  "a spacing of zero": [(path) => writeNifti(path, { shape: [2, 3, 4], spacingMm: [1, 0, 1] }), /the spacing 1x0x1/],
  "an infinite slope": [
    (path) => writeNifti(path, { shape: [1, 1, 1], slope: Number.POSITIVE_INFINITY }),
    /scaling is Infinity/,
  ],
  "a NaN in the affine": [
    (path) =>
      writeNifti(path, {
        shape: [1, 1, 1],
        sform: [
          [1, 0, 0, Number.NaN],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
        ],
      }),
    /affine holds a NaN/,
  ],
  "complex voxels": [(path) => writeFileSync(path, withDatatype(32)), /NIfTI datatype 32/],
  "a plain header that promises terabytes": [
    (path) => writeFileSync(path, withDimensions([32767, 32767, 32767])),
    /its header gives it 35181150961663 voxels; it must be at most 1073741824/,
  ],
  "a gzipped header that promises gigabytes": [
    (path) => writeFileSync(path, gzipSync(withDimensions([1000, 1000, 1000]))),
    /promises \d+ bytes, which \d+ compressed ones cannot hold/,
  ],
};

for (const [what, [damage, reason]] of Object.entries(damages)) {
  test(`${what} is refused, naming the file`, (t) => {
    const path = join(temporaryFolder(t), "volume.nii");
    damage(path);
    const error = t.throws(() => readNifti(path), { instanceOf: PatchstreamError });
    t.is(error?.code, "INPUT_DAMAGED");
    t.regex(error?.message ?? "", reason);
    t.true(error?.message.includes(path));
  });
}

test("any bytes at all are read or refused, never crash and never outgrow the file", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "volume.nii");
  const good = niftiBytes({ shape: [2, 3, 4] });
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(edits, fc.boolean(), (changes, gzipped) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes.writeUInt8(value, at);
      writeFileSync(path, gzipped ? gzipSync(bytes) : bytes);
      try {
        t.true(readNifti(path).voxels.byteLength <= 8 * bytes.length);
      } catch (error) {
        if (!(error instanceof PatchstreamError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
  t.true(readFileSync(path).length > 0);
});

function withDatatype(code: number): Buffer {
  const bytes = niftiBytes({ shape: [1, 1, 1] });
  bytes.writeInt16LE(code, 70);
  return bytes;
}

function withDimensions(dims: readonly number[]): Buffer {
  const bytes = niftiBytes({ shape: [1, 1, 1] });
  for (const [i, size] of dims.entries()) bytes.writeInt16LE(size, 42 + 2 * i);
  return bytes;
}
