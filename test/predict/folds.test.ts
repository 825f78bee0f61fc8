import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { parseChannelsAndLabels } from "../../loader/index.js";
import type { LabelSet } from "../../plan/index.js";
import { evaluateLabels } from "../../predict/index.js";
import { type ScoredCase, scoredClasses } from "../../trainer/index.js";
import { beginHeldOut, endHeldOut, heldOutLabelPath } from "../../trainer/run-folder/held-out.js";
import { patchstreamHere } from "../cli/command.js";
import { type GoldenCase, goldenCases, temporaryFolder, writeModel } from "./golden-cases.js";
import { datasetJson, golden, writeCases } from "./golden-evaluation.js";

const IDS = Object.keys(golden.cases).sort();

interface Fold {
  readonly held: readonly string[];
  readonly trained?: readonly string[];
  readonly labelSet: LabelSet;
  readonly digest?: string;
}

/** A run's folder that holds what a training leaves, the labels of the golden evaluation being its own. */
async function writeFold(
  folder: string,
  name: string,
  { held, trained, labelSet, digest = "00" }: Fold,
): Promise<string> {
  const train = trained ?? IDS.filter((id) => !held.includes(id));
  const run = writeModel(join(folder, name), goldenCases[0] as GoldenCase, (checkpoint) => ({
    ...checkpoint,
    spec: { ...checkpoint.spec, datasetDigest: digest, split: { train, val: [...held].sort() } },
    ...(checkpoint.trainedOn && { trainedOn: { ...checkpoint.trainedOn, labelSet } }),
  }));
  beginHeldOut(run, { dataset: "Golden", models: [], mirror: true, labelSet });
  const cases: ScoredCase[] = [];
  for (const id of held) {
    const prediction = heldOutLabelPath(run, id);
    cpSync(join(folder, "predicted", `${id}.nii.gz`), prediction);
    const options = { partial: false, geometry: "strict", dataset: join(folder, "dataset.json") } as const;
    for await (const one of evaluateLabels(prediction, join(folder, "reference", `${id}.nii.gz`), options).run())
      if (one.kind === "evaluated") cases.push({ ...one, id, reference: `Golden/${id}` });
  }
  endHeldOut(run, scoredClasses(labelSet), cases);
  return run;
}

function writeDataset(folder: string, [classes, ignore]: Parameters<typeof datasetJson>): LabelSet {
  const json = datasetJson(classes, ignore);
  writeFileSync(join(folder, "dataset.json"), JSON.stringify(json));
  return parseChannelsAndLabels(json);
}

for (const { name, classes, ignore, summary } of golden.sets)
  test(`of a cross-validation summary.json is nnU-Net's of all its cases, byte for byte: ${name}`, async (t) => {
    const folder = writeCases(t);
    const labelSet = writeDataset(folder, [classes, ignore]);
    const half = Math.ceil(IDS.length / 2);
    const one = await writeFold(folder, "one", { held: IDS.slice(half).reverse(), labelSet });
    const two = await writeFold(folder, "two", { held: IDS.slice(0, half), labelSet });
    const [out, csv] = [join(folder, "out.json"), join(folder, "scores.csv")];
    const flags = ["--folds", one, two, "--summary", out, "--csv", csv];
    const { code, stderr, stdout } = await patchstreamHere("evaluate", ...flags);
    t.is(stderr, "");
    t.is(code, 0);
    t.regex(stdout, new RegExp(`^class +cases +Dice +IoU\n(.*\n)+mean +${IDS.length} `));
    const told = readFileSync(out, "utf8")
      .replaceAll(new RegExp(`${folder}/(one|two)/validation/`, "g"), "predicted/")
      .replaceAll(/"Golden\/(.*)"/g, '"reference/$1.nii.gz"');
    t.is(told, summary);

    const [again, againCsv] = [join(folder, "again.json"), join(folder, "again.csv")];
    const references = join(folder, "reference");
    const held = await patchstreamHere(
      ...["evaluate", "--folds", one, two, "--references", references, "--summary", again, "--csv", againCsv],
    );
    t.is(held.stderr, "");
    t.regex(held.stdout, /^class +cases +Dice +IoU +HD95 mm +surface Dice 1 mm\n/);
    const withoutFiles = (text: string) => text.replaceAll(/"reference_file": .*/g, "");
    t.is(withoutFiles(readFileSync(again, "utf8")), withoutFiles(readFileSync(out, "utf8")));
    t.regex(readFileSync(againCsv, "utf8"), /^case,class,.*\n"?[^,]+"?,class 0,/);
    t.is(readFileSync(csv, "utf8").split("\n").length, readFileSync(againCsv, "utf8").split("\n").length);
  });

test("folds that are no cross-validation are refused in one line", async (t) => {
  const folder = writeCases(t);
  const labelSet = writeDataset(folder, [[1, 2], null]);
  const [a, b, c, d] = IDS as [string, string, string, string];
  const one = await writeFold(folder, "one", { held: [a, b], labelSet });
  const two = await writeFold(folder, "two", { held: [c, d], labelSet });
  const said = async (...flags: readonly string[]) => {
    const { stderr, stdout, code } = await patchstreamHere("evaluate", "--folds", ...flags);
    t.is(code, 1);
    t.is(stdout, "");
    return stderr.replaceAll(`${folder}/`, "");
  };
  t.is(
    await said(one),
    `patchstream: one: 2 cases, such as ${c}, are trained on and held out in none of the folds; it must be one fold of a cross-validation that holds out every case. Name the missing folds too, or leave their cases out with --partial.\n`,
  );
  t.is((await patchstreamHere("evaluate", "--folds", one, "--partial")).code, 0);
  t.is(
    await said(one, two, one),
    `patchstream: one: case ${a} is held out here and in one; it must be a fold of its own\n`,
  );
  const other = await writeFold(folder, "other", { held: [c, d], labelSet, digest: "11" });
  t.is(
    await said(one, other),
    "patchstream: other: its data set is not that of one; it must be a fold of the same data\n",
  );
  const named = { ...labelSet, labels: { background: 0, x: 1, y: 2 } };
  const renamed = await writeFold(folder, "renamed", { held: [c, d], labelSet: named });
  t.is(
    await said(one, renamed),
    "patchstream: renamed: its label set is not that of one; it must be a fold of the same data\n",
  );
  const all = await writeFold(folder, "all", { held: [a], trained: IDS, labelSet });
  t.is(
    await said(all),
    `patchstream: all: case ${a} is held out and trained on; it must be a fold of a cross-validation\n`,
  );
  t.regex(
    await said(join(folder, "none")),
    /^patchstream: none: there is no such folder; it must be the folder of a training/,
  );
  t.regex(
    await said(join(folder, "reference")),
    /^patchstream: reference\/checkpoint.safetensors: there is no such file/,
  );

  const summary = join(two, "validation", "summary.json");
  const text = readFileSync(summary, "utf8");
  for (const [damaged, reason] of [
    [text.slice(0, 100), "it is no JSON"],
    [text.replaceAll(/"TP": \d+/g, '"TP": -1'), `it does not count TP of class 0 in ${c}.nii.gz`],
    [text.replace(`${d}.nii.gz"`, 'x.nii.gz"'), `it lacks case ${d}`],
    ["[]", "it has no metric_per_case"],
  ]) {
    writeFileSync(summary, damaged as string);
    t.is(
      await said(one, two),
      `patchstream: two/validation/summary.json: ${reason}; it must be the summary.json that the training left\n`,
    );
  }
  rmSync(summary);
  t.is(
    await said(one, two),
    "patchstream: two/validation/summary.json: there is no such file; it must be the summary.json that the training left. A training writes it when all its steps are taken and its held-out cases evaluated.\n",
  );
});

test("predictions or folds are evaluated, not both", async (t) => {
  const folder = temporaryFolder(t);
  for (const flags of [[], [folder], [folder, folder, "--references", folder], [folder, folder, "--folds", folder]]) {
    const { code, stderr } = await patchstreamHere("evaluate", ...flags);
    t.is(code, 2, stderr);
    t.regex(stderr, /^error: .*--folds/);
  }
});
