import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { fileScope } from "../trainer/file-scope.js";
import { reportWithoutTimes } from "./report-without-times.js";
import { resultsIn, startStudy, TINY, tinyStudies, withoutTimes } from "./study-process.js";

const test = anyTest.serial as TestFn<Awaited<ReturnType<typeof tinyStudies>>>;
const scope = fileScope(anyTest as TestFn<Awaited<ReturnType<typeof tinyStudies>>>);

test.before("a store of four small cases", async (t) => {
  t.context = await tinyStudies(scope);
});

const KILLS = 5;

/** 0 to below `count`, from the bits of a number that is printed, so that a failure can be seen again. */
function* drawn(seed: number, count: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield Math.floor((state / 2 ** 32) * count);
  }
}

test("killed five times and started again, a study ends with the same results and report but for times", async (t) => {
  t.timeout(10 * 60_000, "seven studies, six of them with all that they start");
  const document = t.context.study("tiny");
  const [whole, killed] = [join(t.context.folder, "whole"), join(t.context.folder, "killed")];
  const { code, told, stderr } = await startStudy(scope, document, "--out", whole).ended;
  t.is(code, 0, stderr);
  t.like(told[0], { runs: 4, done: 0, estimatedFrom: "step" });
  t.like(
    told.find((one) => "outcome" in one && typeof one.outcome === "object"),
    {
      outcome: { finished: 4, diverged: 0, failed: [], left: [] },
    },
  );

  const seed = Date.now() % 2 ** 32;
  t.log(`seed ${seed}`);
  const moments = drawn(seed, 6);
  for (let kill = 0; kill < KILLS; kill++) {
    const study = startStudy(scope, document, "--out", killed);
    const after = moments.next().value ?? 0;
    await study.until((one, index) => index >= after || "outcome" in one);
    study.kill("SIGKILL");
    t.is((await study.ended).code, "SIGKILL");
  }
  const last = await startStudy(scope, document, "--out", killed).ended;
  t.is(last.code, 0, last.stderr);

  const [once, again] = [resultsIn(whole), resultsIn(killed)];
  t.is(once.size, 4);
  t.deepEqual([...again.keys()], [...once.keys()]);
  for (const [name, result] of again) {
    const first = once.get(name);
    t.deepEqual(withoutTimes(result), first && withoutTimes(first), name);
  }
  for (const result of once.values()) {
    t.is(result.cases.length, 2);
    for (const { foregroundShare = 0, classesPerStep = 0 } of result.stages) {
      t.true(foregroundShare > 0 && foregroundShare <= 1);
      t.true(classesPerStep > 0 && classesPerStep <= 2);
    }
  }
  const steps = [...once.values()].map(({ stages }) => stages.reduce((sum, one) => sum + one.steps, 0));
  t.deepEqual(
    steps.sort((one, other) => one - other),
    [12, 12, 24, 24],
  );
  const [facts] = JSON.parse(readFileSync(join(whole, "datasets.json"), "utf8"));
  t.like(facts, { name: "cubes", cases: 4, classes: ["first", "second"], patchCoverage: 1 / 8 });
  t.true(Math.abs(facts.smallestClassShare - 1 / 3) < 0.01);
  for (const file of ["index.html", "report.md", "table-1.csv"]) t.true(existsSync(join(killed, "report", file)), file);
  t.is(reportWithoutTimes(killed), reportWithoutTimes(whole));
});

test("a study that is done trains nothing again, and estimates from its runs when it has more", async (t) => {
  const whole = join(t.context.folder, "whole");
  const again = await startStudy(scope, whole).ended;
  t.is(again.code, 0, again.stderr);
  t.like(again.told[0], { runs: 4, done: 4 });
  t.false(again.told.some(({ kind }) => kind === "started"));
  const more = t.context.study("tiny", { seeds: [1, 2] });
  const { told } = await startStudy(scope, more, "--out", whole, "--dry-run").ended;
  t.like(told[0], { runs: 8, done: 4, estimatedFrom: "runs" });
  t.is(told.length, 1);
});

test("a file of a study that was edited by hand is refused by its name, and the study goes on without it", async (t) => {
  const document = t.context.study("edited", { methods: ["constant"] });
  const edited = join(t.context.folder, "edited");
  t.is((await startStudy(scope, document).ended).code, 0);
  const [name = "", other = ""] = readdirSync(join(edited, "runs")).sort();
  const fileOf = (run: string, file: string) => join(edited, "runs", run, file);
  const damage = [
    { file: fileOf(name, "result.json"), text: "{}", says: /result\.point\.dataset is missing/ },
    { file: fileOf(name, "result.json"), text: "null", says: /result\.point\.dataset is missing/ },
    { file: fileOf(name, "result.json"), text: readFileSync(fileOf(other, "result.json")), says: /of another run/ },
    { file: fileOf(name, "result.json"), text: '{"point', says: /JSON/ },
    { file: fileOf(name, "run.json"), text: '"text"', says: /of other settings or data/ },
  ];
  for (const { file, text, says } of damage) {
    const before = readFileSync(file);
    writeFileSync(file, text);
    const { code, stderr } = await startStudy(scope, edited, "--dry-run").ended;
    t.is(code, 1, stderr);
    t.regex(stderr, says);
    t.regex(stderr, new RegExp(`${name.replaceAll("+", "\\+")}\\b`));
    t.is(stderr.trim().split("\n").length, 1, stderr);
    writeFileSync(file, before);
  }
  const [result, training] = [fileOf(name, "result.json"), fileOf(name, "training.json")];
  const [done, started] = [readFileSync(result), readFileSync(training)];
  rmSync(result);
  writeFileSync(training, '{"trainer": 5}');
  const { code, stderr } = await startStudy(scope, edited).ended;
  t.is(code, 1);
  t.regex(stderr, /training\.json: training\.trainer is 5/);
  writeFileSync(training, started);
  const again = await startStudy(scope, edited).ended;
  t.is(again.code, 0, again.stderr);
  t.deepEqual(withoutTimes(JSON.parse(readFileSync(result, "utf8"))), withoutTimes(JSON.parse(done.toString())));
});

test("a run of other settings in the same folder is refused, before anything is trained", async (t) => {
  const other = t.context.study("tiny", { training: { ...TINY.training, learningRate: 0.1 } });
  const { code, stderr } = await startStudy(scope, other, "--out", join(t.context.folder, "whole")).ended;
  t.is(code, 1);
  t.regex(stderr, /run cubes\+small\+constant\+\S+, of other settings or data, already exists\. Name another folder/);
});

test("a run that diverges has Dice 0, one that fails does not stop the others, and the exit code says so", async (t) => {
  const document = t.context.study("uneven", {
    networks: [
      ...TINY.networks,
      { name: "wild", training: { baseFeatures: 4, learningRate: 100, weightDecay: 1 } },
      { name: "undecided", training: { baseFeatures: 4, control: { kind: "adaptive" } }, data: { valSteps: 0 } },
    ],
    methods: ["constant"],
    lengths: [100],
  });
  const out = join(t.context.folder, "uneven");
  const { code, told, stderr } = await startStudy(scope, document).ended;
  t.is(code, 1);
  t.regex(stderr, /failed: cubes\+undecided\+\S+: training\.control\.kind is "adaptive"/);
  t.regex(stderr, /1 runs? (are|is) not done\. The same command tries/);
  const results = [...resultsIn(out).values()];
  t.deepEqual(results.map(({ point, outcome }) => [point.network, outcome]).sort(), [
    ["small", "finished"],
    ["wild", "diverged"],
  ]);
  const wild = results.find(({ point }) => point.network === "wild");
  t.is(wild?.meanDice, 0);
  t.deepEqual(wild?.dice, [0, 0]);
  t.deepEqual(wild?.classes, ["first", "second"]);
  t.regex(wild?.message ?? "", /the loss is/);
  t.like(
    told.find(({ kind, run }) => kind === "ended" && String(run).includes("wild")),
    { outcome: "diverged", meanDice: 0 },
  );
  t.true(existsSync(join(out, "report", "index.html")));
});

test("a study that is interrupted stops its training with a checkpoint, and goes on", async (t) => {
  const document = t.context.study("stopped", { methods: ["constant"], lengths: [100] });
  const study = startStudy(scope, document);
  await study.until(({ kind }) => kind === "epoch");
  study.kill("SIGINT");
  const { code, stderr } = await study.ended;
  if (code === 0) return t.pass("it was faster than the signal");
  t.is(code, 1);
  t.regex(stderr, /ended by SIGINT; the same command goes on/);
  const { told, code: done } = await startStudy(scope, document).ended;
  t.is(done, 0);
  t.like(
    told.find(({ kind }) => kind === "started"),
    { goesOn: true },
  );
});

test("two processes cannot run one study", async (t) => {
  const document = t.context.study("locked", { methods: ["constant"], lengths: [100] });
  const study = startStudy(scope, document);
  await study.until(({ kind }) => kind === "started");
  const { code, stderr } = await startStudy(scope, document).ended;
  t.is(code, 1);
  t.regex(stderr, /process \d+ on \S+ runs this study/);
  study.kill("SIGKILL");
  await study.ended;
});

test("a network that cannot take a plan's patches refuses the study before anything runs", async (t) => {
  const document = t.context.study("unfit", { networks: ["plain-unet", "unetr"], training: {} });
  const { code, stderr } = await startStudy(scope, document).ended;
  t.is(code, 1);
  t.regex(
    stderr,
    /plan\.patchSize\[0\] \(data set cubes, network unetr, method constant\) is 8; it must be a multiple of 16/,
  );
  t.false(existsSync(join(t.context.folder, "unfit", "runs")));
});
