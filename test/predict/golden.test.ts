import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { type LabelOutcome, labelImages } from "../../predict/index.js";
import { goldenCases, goldenLabel, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

const ENGINES = ["onnx"] as const;

for (const golden of goldenCases)
  for (const engine of ENGINES)
    test(`${golden.name}: each voxel has nnU-Net's label (${engine})`, async (t) => {
      const folder = temporaryFolder(t);
      const model = writeModel(join(folder, "run"), golden);
      const files = writeImages(join(folder, "images"), golden, "one");
      const out = join(folder, "out");
      const outcomes: LabelOutcome[] = [];
      const all = {
        out,
        overwrite: false,
        nonfinite: "stop",
        geometry: "strict",
        mirror: true,
        engine,
        threads: 1,
      } as const;
      for await (const outcome of labelImages([model], files, { ...all, notice: t.log })) outcomes.push(outcome);
      t.like(outcomes, [{ kind: "labelled", id: "one", label: join(out, "one.nii.gz") }]);
      const label = gunzipSync(readFileSync(join(out, "one.nii.gz"))).subarray(352);
      const expected = goldenLabel(golden);
      t.is(label.length, expected.length);
      t.is(label.filter((value, voxel) => value !== expected[voxel]).length, 0, "voxels that differ");
    });
