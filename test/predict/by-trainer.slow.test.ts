import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import type { Checkpoint } from "../../trainer/run-folder/checkpoint.js";
import { patchstream } from "../cli/command.js";
import { type Process, trainerIn } from "../trainer/processes.js";
import { type GoldenCase, goldenCases, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const [oneChannel, , twoChannels] = goldenCases as [GoldenCase, GoldenCase, GoldenCase];
const LOCAL = ["--threads", "1", "--engine", "onnx"];

/** A training that has ended, as a trainer keeps it: `golden`'s model in a folder of that name. */
function writeTraining(runs: string, id: string, golden: GoldenCase, change?: (of: Checkpoint) => Checkpoint): string {
  const folder = writeModel(join(runs, id), golden, change);
  writeFileSync(join(folder, "run.json"), JSON.stringify({ data: [], run: { data: { dataset: "Golden" } } }));
  return folder;
}

/** As another fold: the same network with other weights. */
const halved = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  step: 7,
  model: new Map(
    [...checkpoint.model].map(([name, { shape, values }], i) => [
      name,
      { shape, values: values.map((value) => (i % 2 === 0 ? value / 2 : value)) },
    ]),
  ),
});

const labels = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".nii.gz"));

function sameLabels(t: ExecutionContext, [one, other]: readonly [string, string]): void {
  t.deepEqual(labels(one), labels(other));
  for (const name of labels(one)) t.deepEqual(readFileSync(join(one, name)), readFileSync(join(other, name)), name);
}

async function trainerOver(t: ExecutionContext, runs: string, ...flags: string[]): Promise<Process> {
  mkdirSync(runs, { recursive: true });
  return trainerIn(t, runs, ...flags);
}

test("a trainer labels raw images byte for byte as this machine does: three kinds of data, and two folds", async (t) => {
  const folder = temporaryFolder(t);
  const runs = join(folder, "runs");
  const kinds = goldenCases.map((golden, i) => ({ golden, id: `kind-${i}`, images: join(folder, `images-${i}`) }));
  for (const { golden, id, images } of kinds) {
    writeTraining(runs, id, golden);
    writeImages(images, golden, "a");
  }
  writeTraining(runs, "fold-1", twoChannels, halved);
  const trainer = await trainerOver(t, runs);
  for (const { id, images } of kinds) {
    const both = [join(folder, `${id}-here`), join(folder, `${id}-there`)] as const;
    const here = await patchstream("predict", join(runs, id), images, "--out", both[0], ...LOCAL);
    const there = await patchstream("predict", id, images, "--out", both[1], "--trainer", trainer.address);
    t.is(here.code, 0, here.stderr);
    t.is(there.code, 0, there.stderr);
    t.regex(there.stderr, /^a: [\d.]+ s, after step 1$/m);
    sameLabels(t, both);
  }
  const folds = [join(folder, "folds-here"), join(folder, "folds-there")] as const;
  const images = join(folder, "images-2");
  const mean = ["--average-with", join(runs, "fold-1"), "--no-mirror"];
  t.is((await patchstream("predict", join(runs, "kind-2"), images, "--out", folds[0], ...mean, ...LOCAL)).code, 0);
  const asked = ["kind-2", images, "--average-with", "fold-1", "--no-mirror", "--trainer", trainer.address];
  const { stdout } = await patchstream("predict", ...asked, "--out", folds[1], "--json");
  t.like(JSON.parse(stdout), { kind: "labelled", image: "a", steps: [1, 7] });
  sameLabels(t, folds);
  const alone = readFileSync(join(folder, "kind-2-here", "a.nii.gz"));
  t.notDeepEqual(readFileSync(join(folds[0], "a.nii.gz")), alone, "the second fold counts");
});

test("a label has the values of the training's files, whatever the trainer stores", async (t) => {
  const folder = temporaryFolder(t);
  const runs = join(folder, "runs");
  writeTraining(runs, "gaps", oneChannel, ({ trainedOn, ...checkpoint }) => {
    if (trainedOn === undefined) throw new Error("it says what it was trained on");
    const sourceValues = trainedOn.labelSet.sourceValues.map((stored) => 300 * stored);
    return { ...checkpoint, trainedOn: { ...trainedOn, labelSet: { ...trainedOn.labelSet, sourceValues } } };
  });
  const images = join(folder, "images");
  writeImages(images, oneChannel, "a");
  const trainer = await trainerOver(t, runs);
  const both = [join(folder, "here"), join(folder, "there")] as const;
  await patchstream("predict", join(runs, "gaps"), images, "--out", both[0], ...LOCAL);
  await patchstream("predict", "gaps", images, "--out", both[1], "--trainer", trainer.address);
  t.is(labels(both[1]).length, 1);
  sameLabels(t, both);
});

test("what a trainer cannot do is said in a line", async (t) => {
  const folder = temporaryFolder(t);
  const runs = join(folder, "runs");
  writeTraining(runs, "one", oneChannel);
  writeTraining(runs, "two", twoChannels);
  mkdirSync(join(runs, "new"));
  writeFileSync(join(runs, "new", "run.json"), JSON.stringify({ data: [], run: { data: { dataset: "Golden" } } }));
  const images = join(folder, "images");
  writeImages(images, oneChannel, "a");
  const trainer = await trainerOver(t, runs, "--memory", "322MiB");
  const out = join(folder, "out");
  const refused = async (line: RegExp, ...asked: string[]) => {
    const { code, stderr } = await patchstream("predict", ...asked, images, "--out", out, "--trainer", trainer.address);
    t.is(code, 1);
    t.regex(stderr.split("\n")[0] ?? "", line);
  };
  await refused(/^patchstream: no training "nobody"/, "nobody");
  await refused(/^patchstream: no checkpoint of training "new"/, "new");
  await refused(/^patchstream: no best checkpoint of training "one"/, "one", "--checkpoint", "best");
  await refused(
    /^patchstream: training two: its channels are not those of training one/,
    "one",
    "--average-with",
    "two",
  );
  await refused(/^patchstream: .*memory_bytes.* is \d+; .*at most \d+/, "one");
  t.deepEqual(existsSync(out) ? labels(out) : [], []);
  const wrong = await patchstream(
    "predict",
    "one",
    images,
    "--out",
    out,
    "--trainer",
    trainer.address,
    "--probabilities",
  );
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--trainer.*cannot be used with.*--probabilities/);
});

test("a trainer killed in the middle is said in a line; what was labelled stays, and the next start goes on", async (t) => {
  const folder = temporaryFolder(t);
  const runs = join(folder, "runs");
  writeTraining(runs, "one", twoChannels);
  const images = join(folder, "images");
  for (const id of ["a", "b", "c", "d"]) writeImages(images, twoChannels, id);
  const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
  t.is((await patchstream("predict", join(runs, "one"), images, "--out", whole, ...LOCAL)).code, 0);

  const first = await trainerOver(t, runs);
  const flags = (trainer: Process) => ["predict", "one", images, "--out", broken, "--trainer", trainer.address];
  const child = spawn(process.execPath, [MAIN, ...flags(first)], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.startsWith("a: ")) await first.kill();
  }
  t.deepEqual(await ended, [1, null]);
  t.true(
    lines.some((line) => line.startsWith(`patchstream: ${first.address}`)),
    lines.join("\n"),
  );
  t.true(labels(broken).includes("a.nii.gz") && !labels(broken).includes("d.nii.gz"));

  const again = await patchstream(...flags(await trainerOver(t, runs)));
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /labelled in .*, [123] kept\n$/);
  sameLabels(t, [whole, broken]);
});

test("two callers of a trainer that labels one image at a time both get their labels; one that leaves makes room", async (t) => {
  const folder = temporaryFolder(t);
  const runs = join(folder, "runs");
  writeTraining(runs, "one", oneChannel);
  const images = join(folder, "images");
  for (const id of ["a", "b"]) writeImages(images, oneChannel, id);
  const trainer = await trainerOver(t, runs, "--predictions", "1");
  const flags = (out: string, ...files: string[]) => {
    const where = ["--out", join(folder, out), "--trainer", trainer.address, "--no-mirror"];
    return ["predict", "one", ...files, ...where];
  };
  const leaving = spawn(process.execPath, [MAIN, ...flags("left", images)], { stdio: ["ignore", "ignore", "pipe"] });
  const left = once(leaving, "exit");
  for await (const line of createInterface(leaving.stderr)) if (line.startsWith("a: ")) leaving.kill("SIGKILL");
  await left;
  const first = join(images, "a_0000.nii.gz");
  const [one, two] = await Promise.all([patchstream(...flags("one", first)), patchstream(...flags("two", first))]);
  t.is(one.code, 0, one.stderr);
  t.is(two.code, 0, two.stderr);
  sameLabels(t, [join(folder, "one"), join(folder, "two")]);
});
