import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { decodeVoxels } from "../../loader/dataset/nifti/decode-voxels.js";
import { contentBytes, parseHeader } from "../../loader/dataset/nifti/header.js";
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
  test(`${datatype} voxels are read in either byte order, scaled, from NIfTI-1 and NIfTI-2, plain and gzipped`, async (t) => {
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
    await fc.assert(
      fc.asyncProperty(
        file,
        async ({ shape, seed, version, littleEndian, scaling: [slope = 0, intercept = 0], gzipped }) => {
          const values = Array.from(
            { length: shape.reduce((a, b) => a * b, 1) },
            (_, i) => seed[i % seed.length] as number,
          );
          const bytes = niftiBytes({ shape, values, datatype, version, littleEndian, slope, intercept });
          writeFileSync(path, gzipped ? gzipSync(bytes) : bytes);
          const { header, voxels } = await readNifti(path);
          t.deepEqual([...header.shape], shape.length === 4 ? shape : [1, ...shape]);
          const [factor, offset] = slope === 0 ? [1, 0] : [slope, intercept];
          const scaled = values.map((value) => value * factor + offset);
          t.deepEqual(voxels, Float32Array.from(scaled));
        },
      ),
      { numRuns: 40 },
    );
  });
}

test("axes come out as Z,Y,X: the file's x runs fastest", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii.gz");
  writeNifti(path, { shape: [2, 3, 4], spacingMm: [5, 0.5, 0.25] });
  const { header, voxels } = await readNifti(path);
  t.deepEqual(header.shape, [1, 2, 3, 4]);
  t.deepEqual(header.spacingMm, [5, 0.5, 0.25]);
  t.deepEqual(
    [...voxels],
    Array.from({ length: 24 }, (_, i) => i),
  );
});

test("the affine is the sform's, else the qform's, else the plain voxel sizes", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  const shape = [1, 1, 1];
  const spacingMm = [3, 2, 1];
  const sform = [
    [0, -2, 0, 5],
    [1, 0, 0, 6],
    [0, 0, 3, 7],
  ];
  writeNifti(path, { shape, spacingMm, sform });
  t.deepEqual((await readNifti(path)).header.affine, [...sform.flat(), 0, 0, 0, 1]);

  writeNifti(path, { shape, spacingMm, qform: { bcd: [1, 0, 0], offset: [4, 5, 6], sign: -1 } });
  const unsigned = (await readNifti(path)).header.affine.map((value) => value + 0);
  t.deepEqual(unsigned, [1, 0, 0, 4, 0, -2, 0, 5, 0, 0, 3, 6, 0, 0, 0, 1]);

  writeNifti(path, { shape, spacingMm });
  t.deepEqual((await readNifti(path)).header.affine, [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
});

test("a quaternion that rounding made longer than 1 still gives a finite affine", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], qform: { bcd: [0.70710683, 0.70710683, 0], offset: [0, 0, 0] } });
  t.true((await readNifti(path)).header.affine.every(Number.isFinite));
});

test("metres and microns become millimetres", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], spacingMm: [0.5, 0.25, 0.125], units: 1 });
  t.deepEqual((await readNifti(path)).header.spacingMm, [500, 250, 125]);
  writeNifti(path, { shape: [1, 1, 1], spacingMm: [2000, 1000, 500], units: 3 });
  t.deepEqual((await readNifti(path)).header.spacingMm, [2, 1, 0.5]);
});

test("nothing of a header's text is kept", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  writeNifti(path, { shape: [1, 1, 1], description: "DOE^JANE" });
  t.false(JSON.stringify((await readNifti(path)).header).includes("DOE"));
});

const IDENTITY = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

for (const version of [1, 2] as const) {
  test(`NIfTI-${version}: an sform goes before a qform, whatever the two codes`, async (t) => {
    const path = join(temporaryFolder(t), "volume.nii");
    const qform = { bcd: [0, 0, 0], offset: [10, 0, 0] };
    for (const littleEndian of [true, false]) {
      writeNifti(path, { shape: [1, 1, 1], version, littleEndian, sform: IDENTITY, sformCode: 1, qform, qformCode: 2 });
      t.deepEqual((await readNifti(path)).header.affine, [...IDENTITY.flat(), 0, 0, 0, 1]);
      writeNifti(path, { shape: [1, 1, 1], version, littleEndian, sform: IDENTITY, sformCode: 0, qform, qformCode: 2 });
      t.deepEqual((await readNifti(path)).header.affine.slice(0, 4), [1, 0, 0, 10]);
    }
  });
}

for (const bad of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a spacing of ${bad} is taken from the sform's column, the good ones stay`, async (t) => {
    const path = join(temporaryFolder(t), "volume.nii");
    const sform = [
      [0, 3, 0, 0],
      [2, 0, 0, 0],
      [0, 0, 4, 0],
    ];
    writeNifti(path, { shape: [2, 3, 4], spacingMm: [bad, 2.5, bad], sform });
    t.deepEqual((await readNifti(path)).header.spacingMm, [4, 2.5, 2]);
  });
}

test("a 2-D image is one slice, of one distance to the next whatever its header says of a third axis", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  for (const z of [0, 1, Number.NaN]) {
    writeNifti(path, { shape: [3, 4], spacingMm: [z, 0.5, 0.25] });
    const { header, voxels } = await readNifti(path);
    t.deepEqual(header.shape, [1, 1, 3, 4]);
    t.deepEqual(header.spacingMm, [999, 0.5, 0.25]);
    t.deepEqual(header.affine, [0.25, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 999, 0, 0, 0, 0, 1]);
    t.is(voxels.length, 12);
  }
});

test("bytes after the last voxel are passed over, plain and gzipped, and count in the file's SHA-256", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii");
  const good = niftiBytes({ shape: [2, 3, 4] });
  for (const wrap of [(bytes: Buffer) => bytes, gzipSync]) {
    writeFileSync(path, wrap(good));
    const plain = await readNifti(path);
    for (const extra of [1, 64, 100_000]) {
      writeFileSync(path, wrap(Buffer.concat([good, Buffer.alloc(extra, 7)])));
      const { voxels, sha256 } = await readNifti(path);
      t.deepEqual(voxels, plain.voxels);
      t.not(sha256, plain.sha256);
    }
  }
});

test("NaN and infinities are read as 0 before the scaling where that is asked for, and counted", async (t) => {
  const path = join(temporaryFolder(t), "volume.nii.gz");
  const values = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const datatype of ["float32", "float64"] as const) {
    writeNifti(path, { shape: [1, 1, 5], datatype, values, slope: 2, intercept: 5 });
    const { voxels, zeroed } = await readNifti(path, "zero");
    t.deepEqual([...voxels], [7, 5, 9, 5, 5]);
    t.is(zeroed, 3);
    await t.throwsAsync(readNifti(path, "stop"), {
      message: /holds 3 voxels of NaN or infinity, the first is voxel 1/,
    });
  }
  writeNifti(path, { shape: [1, 1, 1], datatype: "float64", values: [1e39] });
  await t.throwsAsync(readNifti(path, "zero"), {
    message: /voxel 0 is 1e\+39; it must be within the range of a float32/,
  });
});

test("voxels come out the same whatever pieces a file's bytes come in", async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });
  const datatype = fc.constantFrom("uint8" as const, "int16" as const, "float64" as const, "int64" as const);
  await fc.assert(
    fc.asyncProperty(sizes, datatype, fc.boolean(), async (lengths, type, littleEndian) => {
      const bytes = niftiBytes({ shape: [4, 5, 6], datatype: type, littleEndian });
      async function* pieces() {
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const next = at + (lengths[i % lengths.length] as number);
          yield bytes.subarray(at, next);
          at = next;
        }
      }
      const { voxels } = await decodeVoxels(pieces(), parseHeader(bytes), "stop");
      t.deepEqual(
        voxels,
        Float32Array.from({ length: 120 }, (_, i) => i),
      );
    }),
    { numRuns: 50 },
  );
});

test("a stream beyond 4 GiB is read in the memory of one piece", async (t) => {
  const bytes = niftiBytes({ shape: [2, 3, 4], datatype: "float64" });
  const header = { ...parseHeader(bytes), voxelOffset: 2 ** 32 + 2 ** 20 - 100 };
  const piece = new Uint8Array(2 ** 20);
  async function* pieces() {
    const end = contentBytes(header);
    for (let at = 0; at < end + 2 ** 20; at += piece.length) {
      piece.fill(0);
      const from = header.voxelOffset - at;
      if (from < piece.length && from > -piece.length) {
        for (let i = Math.max(from, 0); i < Math.min(from + 192, piece.length); i++)
          piece[i] = bytes[352 + i - from] as number;
      }
      yield piece;
    }
  }
  const { voxels } = await decodeVoxels(pieces(), header, "stop");
  t.deepEqual([...voxels], [...Array(24).keys()]);
});

/** Bad files, each made from a good one of 2x3x4 int16 voxels, and what the complaint says. */
const damages: Record<string, [damage: (path: string) => void, reason: RegExp]> = {
  "a missing file": [() => undefined, /there is no such file/],
  "an empty file": [(path) => writeFileSync(path, ""), /it is empty/],
  "a file of something else": [(path) => writeFileSync(path, "PNG".repeat(500)), /does not begin with a NIfTI header/],
  "a plain file cut short": [
    (path) => {
      writeNifti(path, { shape: [2, 3, 4] });
      truncateSync(path, 380);
    },
    /20 bytes of voxels are missing/,
  ],
  "a gzip stream cut short": [
    (path) => {
      const bytes = gzipSync(niftiBytes({ shape: [20, 30, 40] }));
      writeFileSync(path, bytes.subarray(0, bytes.length - 100));
    },
    /compressed stream is damaged \(unexpected end of file\)/,
  ],
  "a flipped bit in a gzip stream": [
    (path) => {
      const bytes = gzipSync(niftiBytes({ shape: [20, 30, 40] }), { level: 0 });
      bytes.writeUInt8(bytes.readUInt8(9000) ^ 4, 9000);
      writeFileSync(path, bytes);
    },
    /compressed stream is damaged \(incorrect data check\)/,
  ],
  "a NaN": [
    (path) => writeNifti(path, { shape: [1, 1, 3], datatype: "float32", values: [1, Number.NaN, 2] }),
    /holds 1 voxel of NaN or infinity, the first is voxel 1; it must be finite everywhere, or read with --nonfinite zero/,
  ],
  "an infinity": [
    (path) => writeNifti(path, { shape: [1, 1, 2], datatype: "float64", values: [1, Number.NEGATIVE_INFINITY] }),
    /holds 1 voxel of NaN or infinity, the first is voxel 1/,
  ],
  "a value beyond float32": [
    (path) => writeNifti(path, { shape: [1, 1, 1], datatype: "float64", values: [1e39] }),
    /voxel 0 is 1e\+39/,
  ],
  "a size of zero": [(path) => writeNifti(path, { shape: [2, 0, 4] }), /the size 4x0x2x1/],
  "a 1-D file": [(path) => writeNifti(path, { shape: [4] }), /1 dimensions/],
  "a size of zero in a 2-D image": [(path) => writeNifti(path, { shape: [0, 4] }), /the size 4x0x1x1/],
  "a NRRD file": [
    (path) => writeFileSync(path, "NRRD0004\ntype: short\n".repeat(40)),
    /is a NRRD file; it must be a NIfTI-1/,
  ],
  "a MetaImage file": [
    (path) => writeFileSync(path, "ObjectType = Image\nNDims = 3\n".repeat(40)),
    /is a MetaImage file/,
  ],
  "a NaN where pixdim has a spacing and there is no sform": [
    (path) => writeNifti(path, { shape: [2, 3, 4], spacingMm: [1, Number.NaN, 1] }),
    /the spacing 1xNaNx1/,
  ],
  "a spacing of zero and an sform whose column is zero": [
    (path) =>
      writeNifti(path, {
        shape: [2, 3, 4],
        spacingMm: [1, 0, 1],
        sform: [...IDENTITY.slice(0, 1), [0, 0, 0, 0], [0, 0, 1, 0]],
      }),
    /the spacing 1x0x1/,
  ],
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
  test(`${what} is refused, naming the file`, async (t) => {
    const path = join(temporaryFolder(t), "volume.nii");
    damage(path);
    const error = await t.throwsAsync(readNifti(path), { instanceOf: PatchstreamError });
    t.is(error?.code, "INPUT_DAMAGED");
    t.regex(error?.message ?? "", reason);
    t.true(error?.message.includes(path));
  });
}

test("any bytes at all are read or refused, never crash and never outgrow the file", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "volume.nii");
  const good = niftiBytes({ shape: [2, 3, 4] });
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(edits, fc.boolean(), async (changes, gzipped) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes.writeUInt8(value, at);
      writeFileSync(path, gzipped ? gzipSync(bytes) : bytes);
      try {
        t.true((await readNifti(path)).voxels.byteLength <= 8 * bytes.length);
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
