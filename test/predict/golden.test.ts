import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { type LabelOutcome, labelImages, savedModels } from "../../predict/index.js";
import { goldenCases, goldenLabel, readNpz, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

for (const golden of goldenCases)
  test(`${golden.name}: each voxel has nnU-Net's label, and its probabilities`, async (t) => {
    const folder = temporaryFolder(t);
    const model = writeModel(join(folder, "run"), golden);
    const files = writeImages(join(folder, "images"), golden, "one");
    const out = join(folder, "out");
    const rules = { overwrite: false, nonfinite: "stop", geometry: "strict", probabilities: true } as const;
    const models = await savedModels([model], { mirror: true, engine: "onnx", threads: 1, notice: t.log });
    const outcomes: LabelOutcome[] = [];
    for await (const outcome of labelImages(models, files, { out, ...rules })) outcomes.push(outcome);
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
