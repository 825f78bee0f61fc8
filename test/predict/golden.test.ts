import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gunzipSync } from "node:zlib";
import test from "ava";
import { type LabelOutcome, labelImages } from "../../predict/index.js";
import { goldenCases, goldenLabel, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

/** The values of the one array in a .npz file, which is stored as it is, and the header of that array. */
function readNpz(path: string): { header: string; values: Float32Array } {
  const file = readFileSync(path);
  const start = 30 + file.readUInt16LE(26);
  const npy = file.subarray(start, start + file.readUInt32LE(18));
  if (file.readUInt32LE(14) !== crc32(npy)) throw new Error("the CRC-32 of the entry is wrong");
  const end = 10 + npy.readUInt16LE(8);
  return {
    header: npy.toString("latin1", 10, end),
    values: new Float32Array(Uint8Array.from(npy.subarray(end)).buffer),
  };
}

for (const golden of goldenCases)
  test(`${golden.name}: each voxel has nnU-Net's label, and its probabilities`, async (t) => {
    const folder = temporaryFolder(t);
    const model = writeModel(join(folder, "run"), golden);
    const files = writeImages(join(folder, "images"), golden, "one");
    const out = join(folder, "out");
    const rules = { overwrite: false, nonfinite: "stop", geometry: "strict" } as const;
    const how = { mirror: true, probabilities: true, engine: "onnx", threads: 1, notice: t.log };
    const outcomes: LabelOutcome[] = [];
    for await (const outcome of labelImages([model], files, { out, ...rules, ...how })) outcomes.push(outcome);
    t.like(outcomes, [{ kind: "labelled", id: "one", label: join(out, "one.nii.gz") }]);
    const label = gunzipSync(readFileSync(join(out, "one.nii.gz"))).subarray(352);
    const expected = goldenLabel(golden);
    t.is(label.length, expected.length);
    t.is(label.filter((value, voxel) => value !== expected[voxel]).length, 0, "voxels that differ");

    const { header, values } = readNpz(join(out, "one.npz"));
    t.regex(header, new RegExp(`'<f4', 'fortran_order': False, 'shape': \\(\\d, ${golden.shape.join(", ")}\\)`));
    for (const [i, probability] of golden.probabilities.entries())
      t.true(Math.abs((values[331 * i] as number) - probability) < 1e-5, `value ${331 * i}`);
  });
