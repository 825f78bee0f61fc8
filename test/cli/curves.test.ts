import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { MOST_VALUES, type StepCurves, stepCurves } from "../../cli/curves/step-curves.js";
import { TrainingHistory, type WatchedEvent } from "../../trainer/index.js";
import { EVENTS_FILE } from "../../trainer/run-folder/event-log.js";
import { writeRequest } from "../../trainer/run-folder/request.js";
import { fileScope } from "../trainer/file-scope.js";
import { longTraining, STAGES } from "../trainer/history/events-of-a-long-training.js";
import { type Process, temporaryFolder, tinyRun, trainerIn } from "../trainer/processes.js";
import { patchstream, patchstreamHere } from "./command.js";

const test = anyTest as TestFn<{ readonly trainer: Process; readonly training: string; readonly folder: string }>;
const scope = fileScope(test);

const STEPS = 60;
const STEPS_PER_EPOCH = 10;

test.before("a training that has ended, and a trainer that knows it", async (t) => {
  const [runs, training] = [temporaryFolder(scope), "20261123-173207-482-5f1c"];
  const folder = join(runs, training);
  mkdirSync(folder);
  writeRequest(folder, { data: ["127.0.0.1:1"], run: tinyRun(["hippocampus_003"]) });
  const events = [...longTraining(STEPS, STEPS_PER_EPOCH)].map((event) => `${JSON.stringify(event)}\n`);
  writeFileSync(join(folder, EVENTS_FILE), events.join(""));
  t.context = { trainer: await trainerIn(scope, runs), training, folder };
});

test("curves tells the same of a training's folder and of its trainer", async (t) => {
  const { trainer, training, folder } = t.context;
  const told = JSON.parse((await patchstreamHere("curves", folder, "--json")).stdout) as StepCurves;
  t.deepEqual(
    JSON.parse((await patchstreamHere("curves", training, "--trainer", trainer.address, "--json")).stdout),
    told,
  );
  t.is(told.stepsTaken, STEPS);
  t.is(told.loss.length, STEPS);
  t.deepEqual(
    told.stages.map(({ stage, fromStep }) => [stage, fromStep]),
    Array.from({ length: STAGES }, (_, stage) => [stage, (stage * STEPS) / STAGES]),
  );
  t.deepEqual(
    told.pseudoDice.map(({ step }) => step),
    [10, 20, 30, 40, 50, 60],
  );
});

test("without a file the curves are drawn as text, of at most 80 columns where there is no terminal", async (t) => {
  const { stdout, code } = await patchstream("curves", t.context.folder);
  t.is(code, 0);
  for (const said of ["Task04_Hippocampus: step 60 of 60", "loss", "pseudo Dice", "learning rate"])
    t.true(stdout.includes(said), said);
  t.true(
    stdout.split("\n").every((line) => [...line].length <= 80),
    stdout,
  );
  t.false(stdout.includes("\u001b"));
});

test("a picture is SVG or PNG as its name ends, and another ending is refused", async (t) => {
  const { folder } = t.context;
  const out = temporaryFolder(t);
  for (const [name, begins] of [
    ["curves.svg", "<svg "],
    ["curves.png", "\u0089PNG"],
  ] as const) {
    t.is((await patchstreamHere("curves", folder, "--plot", join(out, name))).code, 0);
    t.is(readFileSync(join(out, name)).subarray(0, begins.length).toString("latin1"), begins);
  }
  const refused = await patchstreamHere("curves", folder, "--plot", join(out, "curves.jpg"));
  t.is(refused.code, 2);
  t.regex(refused.stderr, /curves\.jpg.*\.svg or \.png/);
  t.is((await patchstreamHere("curves", folder, "--theme", "dark")).code, 2);
});

test("what is no training, a damaged one and one without a step are said in one line", async (t) => {
  const { folder, trainer } = t.context;
  const empty = temporaryFolder(t);
  const damaged = join(temporaryFolder(t), "training");
  cpSync(folder, damaged, { recursive: true });
  appendFileSync(join(damaged, "events.jsonl"), "{\n");
  const waiting = join(temporaryFolder(t), "waiting");
  mkdirSync(waiting);
  writeFileSync(join(waiting, "events.jsonl"), "");
  for (const [args, said] of [
    [[empty], /it holds no events\.jsonl; it must be the folder of a training/],
    [[damaged], /events\.jsonl: line \d+ does not parse/],
    [[waiting], /no steps of training.*It has not taken its first one/],
    [["20260101-000000-000-0000", "--trainer", trainer.address], /no training "20260101-000000-000-0000"/],
  ] as const) {
    const { code, stderr } = await patchstreamHere("curves", ...args);
    t.is(code, 1);
    t.regex(stderr, said);
    t.is(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

test("a long training is as many values as a picture has room for, and their mean is the training's", (t) => {
  const history = new TrainingHistory(MOST_VALUES);
  const steps = 20_000;
  const took = { stage: 0, epoch: 0, learningRate: 0.1, waitedMs: 0, stepMs: 1, batchSize: 1 };
  for (let step = 0; step < steps; step++)
    history.add({ kind: "step", step: { ...took, step, loss: step / steps } } as unknown as WatchedEvent);
  const { loss, stepsTaken } = stepCurves(history);
  t.is(stepsTaken, steps);
  t.true(loss.length >= 400 && loss.length <= 801, `${loss.length}`);
  t.is(loss.at(-1)?.step, steps);
  for (const { step, value } of loss.slice(0, -1)) t.true(Math.abs(value - step / steps) < 1 / 400);
});
