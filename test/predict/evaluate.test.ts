import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { numpyMean, summaryJson, surfaceDistances } from "../../trainer/index.js";
import { patchstream, patchstreamHere } from "../cli/command.js";
import { writeNifti } from "../dataset/write-nifti.js";
import { datasetJson, draw, golden, shape, spacing, writeCases } from "./golden-evaluation.js";

for (const { name, classes, ignore, summary } of golden.sets)
  test(`summary.json is nnU-Net's, byte for byte: ${name}`, async (t) => {
    const folder = writeCases(t);
    const [dataset, out] = [join(folder, "dataset.json"), join(folder, "out.json")];
    writeFileSync(dataset, JSON.stringify(datasetJson(classes, ignore)));
    const [predicted, reference] = [join(folder, "predicted"), join(folder, "reference")];
    const { code, stderr } = await patchstreamHere(
      "evaluate",
      predicted,
      reference,
      "--dataset",
      dataset,
      "--summary",
      out,
    );
    t.is(stderr, "");
    t.is(code, 0);
    t.is(readFileSync(out, "utf8").replaceAll(`${folder}/`, ""), summary);
  });

test("HD95 and surface Dice are MONAI's; where one label lacks the class they are infinite and 0", (t) => {
  for (const [id, [predicted, reference]] of Object.entries(golden.cases)) {
    const labels = [draw(predicted), draw(reference)] as const;
    for (const [value, [hausdorff, dice]] of Object.entries(golden.surfaces[id] ?? {})) {
      const options = { size: shape, spacingMm: spacing, toleranceMm: golden.tolerance };
      const ours = surfaceDistances(labels, [Number(value)], options);
      const expected =
        hausdorff === "NaN" ? (dice === 0 ? Number.POSITIVE_INFINITY : Number.NaN) : (hausdorff as number);
      const message = `${id}, class ${value}: ${JSON.stringify(ours)}`;
      if (Number.isFinite(expected)) t.true(Math.abs(ours.hausdorff95Mm - expected) < 1e-5, message);
      else t.is(ours.hausdorff95Mm, expected, message);
      if (dice === "NaN") t.is(ours.surfaceDice, Number.NaN, message);
      else t.true(Math.abs(ours.surfaceDice - (dice as number)) < 1e-6, message);
    }
  }
});

test("summary.json has numbers as Python prints them", (t) => {
  const counts = { truePositive: 1, falsePositive: 199_998, falseNegative: 0, trueNegative: 3 };
  const scores = [{ ...counts, dice: 1e-5, iou: 1 / 199_999 }];
  const one = { kind: "evaluated", id: "a", prediction: "é.nii", reference: "b.nii", scores } as const;
  const text = summaryJson([{ name: "a", values: [1] }], [one]);
  for (const part of [
    '"Dice": 1e-05,',
    '"IoU": 5.0000250001250005e-06,',
    '"FP": 199998.0,',
    '"FP": 199998,',
    '"\\u00e9.nii"',
  ])
    t.true(text.includes(part), part);
});

test("means are summed as numpy sums", (t) => {
  const values = (count: number) => Array.from({ length: count }, (_, i) => 1 / (i + 3));
  const numpy = {
    1: 0.3333333333333333,
    7: 0.18985260770975057,
    8: 0.17862103174603172,
    20: 0.10954066251086374,
    300: 0.01596432465904621,
  };
  for (const [count, mean] of Object.entries(numpy)) t.is(numpyMean(values(Number(count))), mean, count);
});

test("the command prints means, writes a CSV, and takes its classes from what predict left", async (t) => {
  const folder = writeCases(t);
  const labelSet = { labels: { background: 0, a: 1, b: 2 }, sourceValues: [0, 1, 2], classes: [1, 2] };
  const [predicted, reference] = [join(folder, "predicted"), join(folder, "reference")];
  writeFileSync(
    join(predicted, "labels.json"),
    JSON.stringify({ dataset: "Golden", models: [], mirror: true, labelSet }),
  );
  const csv = join(folder, "scores.csv");
  const { stdout, stderr } = await patchstream("evaluate", predicted, reference, "--csv", csv, "--tolerance", "1.5");
  t.is(stderr, "");
  t.is(
    stdout,
    `class  cases    Dice     IoU  HD95 mm  surface Dice 1.5 mm
a          3  0.7994  0.6700     1.74               0.9348
b          3  0.6455  0.5119     2.35               0.7789
mean       4  0.7225  0.5910     2.04               0.8568
`,
  );
  const rows = readFileSync(csv, "utf8").trimEnd().split("\n");
  t.is(rows.length, 1 + 2 * Object.keys(golden.cases).length);
  t.is(rows[0], "case,class,values,Dice,IoU,HD95_mm,surface_Dice,TP,FP,FN,TN");
  t.regex(rows[1] ?? "", /^alike,a,1,0\.\d+,0\.\d+,1\.5,0\.98\d+,\d+,\d+,\d+,\d+$/);
});

test("labels that do not belong together are refused in one line, and then no summary is written", async (t) => {
  const folder = writeCases(t);
  const [predicted, reference] = [join(folder, "predicted"), join(folder, "reference")];
  const dataset = join(folder, "dataset.json");
  writeFileSync(dataset, JSON.stringify(datasetJson([1, 2], null)));
  const said = async (...flags: string[]) => {
    const { stderr, code } = await patchstreamHere("evaluate", predicted, reference, ...flags);
    t.is(code, 1);
    return stderr.replaceAll(`${folder}/`, "");
  };
  t.is(
    await said(),
    "patchstream: predicted/labels.json: there is no such file; it must be there to say what label values mean. Name a dataset.json with --dataset.\n",
  );
  rmSync(join(predicted, "alike.nii.gz"));
  t.is(
    await said("--dataset", dataset),
    "patchstream: reference/alike.nii.gz: there is no prediction of it in predicted; it must be predicted, or left out with --partial\n",
  );
  writeNifti(join(predicted, "neither has one.nii.gz"), { shape: [3, 4, 5] });
  const moved = [
    [1, 0, 0, 40],
    [0, 0.75, 0, 0],
    [0, 0, 2.5, 0],
  ];
  writeNifti(join(predicted, "at the border.nii.gz"), { shape, spacingMm: spacing, sform: moved, values: draw([]) });
  writeNifti(join(predicted, "one lacks a class.nii.gz"), {
    shape,
    spacingMm: spacing,
    datatype: "float32",
    values: Float32Array.from(draw([]), () => 0.5),
  });
  t.is(
    await said("--dataset", dataset, "--partial"),
    [
      "patchstream: predicted/at the border.nii.gz: it lies 53.3 voxels from where reference/at the border.nii.gz lies; it must be within 0.5 voxel, or compared with --geometry ignore, voxel on voxel",
      "patchstream: predicted/neither has one.nii.gz: its size (Z,Y,X) is 3x4x5; it must be 14x22x18, as in reference/neither has one.nii.gz",
      "patchstream: predicted/one lacks a class.nii.gz: it holds the value 0.5; it must be a label of whole numbers from 0 to 65535",
      "patchstream: 3 of 3 cases failed: no summary is written\n",
    ].join("\n"),
  );
  mkdirSync(join(folder, "none"));
  t.regex(
    (await patchstreamHere("evaluate", join(folder, "none"), reference)).stderr,
    /none: it holds no label; it must be a folder of labels\n$/,
  );
});
