import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { ingest } from "../../loader/index.js";
import { parseRunSpec } from "../../trainer/index.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { fileScope } from "../trainer/file-scope.js";
import { serving, temporaryFolder, trainerIn } from "../trainer/processes.js";
import { patchstream, patchstreamHere } from "./command.js";
import { hasTerminals, inTerminal } from "./in-terminal.js";

interface RunJson {
  readonly data: Readonly<Record<string, unknown>>;
  readonly training: { readonly network: string; readonly baseFeatures?: number };
}

interface InitJson {
  readonly file: string;
  readonly run: RunJson;
  readonly why: readonly { readonly field: string; readonly value: string; readonly reason: string }[];
}

const test = anyTest as TestFn<{ readonly store: string }>;
const scope = fileScope(test);
const terminalTest = hasTerminals ? test : test.skip;

test.before("a store of three small cases", async (t) => {
  const folder = temporaryFolder(scope);
  const raw = join(folder, "raw");
  writeRawDataset(raw, { ids: ["phantom_1", "phantom_2", "phantom_3"], shape: [8, 8, 8] });
  const store = join(folder, "store");
  await ingest(raw, store, { workers: 0 });
  t.context = { store };
});

test("what init writes trains as it is", async (t) => {
  const folder = temporaryFolder(t);
  const out = join(folder, "run.json");
  const args = ["--mode", "constant", "--length", "try", "--memory", "1GiB", "--out", out];
  const made = await patchstreamHere("init", t.context.store, ...args);
  t.is(made.code, 0, made.stderr);
  const [data, trainer] = await Promise.all([
    serving(t, "serve", t.context.store, "--workers", "1"),
    trainerIn(t, join(folder, "runs")),
  ]);
  const trained = await patchstreamHere("train", "--data", data.address, "--trainer", trainer.address, "--run", out);
  t.is(trained.code, 0, trained.stderr);
  t.regex(trained.stderr, /phantom_\d: Dice/, "a fold was held out and evaluated");
});

for (const ids of [["phantom_1"], ["phantom_1", "phantom_2"]])
  test(`a store of ${ids.length === 1 ? "one case" : "two cases"} has a run for each mode, though one case is trained on`, async (t) => {
    const folder = temporaryFolder(t);
    writeRawDataset(join(folder, "raw"), { ids, shape: [8, 8, 8] });
    await ingest(join(folder, "raw"), join(folder, "store"), { workers: 0 });
    for (const mode of ["constant", "efficiency", "performance"]) {
      const args = ["--mode", mode, "--memory", "64GiB", "--out", join(folder, `${mode}.json`), "--json"];
      const { code, stdout, stderr } = await patchstreamHere("init", join(folder, "store"), ...args);
      t.is(code, 0, stderr);
      const { run, why } = JSON.parse(stdout) as InitJson;
      const strategy = mode === "performance" ? "single-volume" : undefined;
      t.is(run.data.strategy, strategy);
      t.is(why.find(({ field }) => field === "data.strategy")?.value, strategy);
    }
  });

test("init asks nothing where there is no terminal, and gives each value its reason", async (t) => {
  const out = join(temporaryFolder(t), "run.json");
  const { stdout, code } = await patchstream("init", t.context.store, "--memory", "64GiB", "--out", out, "--json");
  t.is(code, 0);
  const { file, run, why } = JSON.parse(stdout) as InitJson;
  t.is(file, out);
  t.deepEqual(JSON.parse(readFileSync(out, "utf8")), run);
  t.notThrows(() => parseRunSpec(run));
  t.like(run.data, { dataset: "raw", mode: "performance", split: { folds: 3, fold: 0 } });
  t.is(run.training.baseFeatures, undefined);
  const fields = why.map(({ field }) => field);
  for (const field of ["data.dataset", "data.split", "data.mode", "data.epochs", "training.network"])
    t.true(fields.includes(field), field);
  for (const { reason } of why) t.true(reason.length > 10, reason);
});

test("a network is made smaller until its step fits into the trainer's memory, and no run is written where none fits", async (t) => {
  const folder = temporaryFolder(t);
  const init = async (memory: string) => {
    const out = join(folder, `${memory}.json`);
    return patchstreamHere("init", t.context.store, "--memory", memory, "--out", out, "--json", "--mode", "efficiency");
  };
  const large = JSON.parse((await init("64GiB")).stdout) as InitJson;
  const reason = large.why.find(({ field }) => field === "training.network")?.reason ?? "";
  const [, needed = ""] = /about (\d+) MiB of the trainer's 64.0 GiB/.exec(reason) ?? [];
  // A step may take half of the memory.
  const small = JSON.parse((await init(`${needed}MiB`)).stdout) as InitJson;
  t.true((small.run.training.baseFeatures ?? 32) < 32);
  t.is(large.run.training.baseFeatures, undefined);
  t.regex(small.why.find(({ field }) => field === "training.network")?.reason ?? "", /features at its finest level/);
  const none = await init("1MiB");
  t.is(none.code, 1);
  t.regex(none.stderr, /memory of a training step is \d+; at most 524288 is allowed.*--memory/);
  t.throws(() => readFileSync(join(folder, "1MiB.json")));
});

test("a file that is there is kept, unless --force says otherwise", async (t) => {
  const out = join(temporaryFolder(t), "run.json");
  writeFileSync(out, "mine");
  const refused = await patchstreamHere("init", t.context.store, "--out", out);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /run\.json already exists\. --force writes over it/);
  t.is(readFileSync(out, "utf8"), "mine");
  const debugged = await patchstreamHere("init", t.context.store, "--out", out, "--debug");
  t.regex(debugged.stderr, /\n +at .*[\s\S]*see docs\/reference\/errors\.md#already_exists/);
  t.is((await patchstreamHere("init", t.context.store, "--out", out, "--force")).code, 0);
  t.notThrows(() => parseRunSpec(JSON.parse(readFileSync(out, "utf8"))));
});

terminalTest("on a terminal init asks three questions, again after a wrong answer", async (t) => {
  const out = join(temporaryFolder(t), "run.json");
  const session = inTerminal(100, ["init", t.context.store, "--out", out, "--memory", "64GiB"]);
  await session.shown("[performance]");
  session.press("fast\n");
  await session.shown("It is one of performance, efficiency, constant.");
  session.press("constant\n");
  await session.shown("[try]");
  session.press("\n");
  await session.shown("[auto]");
  session.press("residual-unet\n");
  await session.ended;
  t.regex(session.output(), /exit 0/);
  const run = JSON.parse(readFileSync(out, "utf8")) as RunJson;
  t.is(run.data.mode, "constant");
  t.is(run.training.network, "residual-unet");
});

terminalTest("a terminal that is closed at a question leaves nothing behind", async (t) => {
  const out = join(temporaryFolder(t), "run.json");
  const session = inTerminal(100, ["init", t.context.store, "--out", out]);
  await session.shown("[performance]");
  session.press("\u0004"); // Ctrl-D
  await session.ended;
  t.regex(session.output(), /nothing was written, since the questions were not answered/);
  t.regex(session.output(), /exit 1/);
  t.throws(() => readFileSync(out));
});
