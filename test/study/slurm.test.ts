import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { arrayScript, type JobScripts, reportScript } from "../../study/slurm/job-scripts.js";
import { patchstream } from "../cli/command.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { fileScope } from "../trainer/file-scope.js";
import { resultsIn, startStudy, TINY, tinyStudies } from "./study-process.js";

const test = anyTest.serial as TestFn<Awaited<ReturnType<typeof tinyStudies>>>;
const scope = fileScope(anyTest as TestFn<Awaited<ReturnType<typeof tinyStudies>>>);

test.before("a store of four small cases", async (t) => {
  t.context = await tinyStudies(scope);
});

/** Runs a job's script as Slurm would start it, without a Slurm. */
function runScript(script: string, submitted: string) {
  const env = { ...process.env, SLURM_JOB_ID: "12", SLURM_ARRAY_JOB_ID: "11", SLURM_ARRAY_TASK_ID: "1" };
  return spawnSync("bash", { input: script, encoding: "utf8", env: { ...env, SLURM_SUBMIT_DIR: submitted } });
}

test("a task's script runs its own run, whatever folders are called, and ends as the run does", (t) => {
  const folder = join(temporaryFolder(t), `a "study" of Müller's $HOME`);
  const logs = join(folder, "slurm");
  mkdirSync(logs, { recursive: true });
  const say = "console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 3";
  const scripts: JobScripts = {
    ...{ folder, logs, patchstream: [process.execPath, "-e", say], needed: [folder] },
    runArguments: ["--cache", "it's here"],
    runs: ["first+run", "second+run"],
  };
  const { status } = runScript(arrayScript(scripts), folder);
  t.is(status, 3);
  t.deepEqual(readdirSync(logs), ["second+run.log"]);
  const [head = "", said = ""] = readFileSync(join(logs, "second+run.log"), "utf8").split("\n");
  t.regex(head, /^job 12 \(11_1\), start 1, on /);
  t.deepEqual(JSON.parse(said), ["study", folder, "--run", "second+run", "--cache", "it's here"]);
  t.is(runScript(reportScript(scripts), folder).status, 3);
  t.deepEqual(JSON.parse(readFileSync(join(logs, "report.log"), "utf8")), ["study", folder, "--report"]);
});

test("a node that does not have the study's folder says so in one line where the study was submitted", (t) => {
  const submitted = temporaryFolder(t);
  const folder = join(submitted, "elsewhere");
  const scripts = {
    folder,
    logs: join(folder, "slurm"),
    patchstream: ["patchstream"],
    runArguments: [],
    runs: ["a", "b"],
  };
  for (const script of [arrayScript, reportScript]) {
    const { status } = runScript(script({ ...scripts, needed: [submitted, folder] }), submitted);
    t.is(status, 1);
  }
  const line = `job 12: ${hostname()} does not have ${folder}; the study's folder and patchstream must be on storage that all nodes share\n`;
  t.is(readFileSync(join(submitted, "study-on-slurm.log"), "utf8"), line.repeat(2));
});

test("options of Slurm are for --submit slurm, and where there is no Slurm that is said in one line", async (t) => {
  const document = t.context.study("nowhere");
  const early = await patchstream("study", document, "--array-limit", "2");
  t.is(early.code, 2);
  t.regex(early.stderr, /--array-limit is for --submit slurm/);
  const both = await patchstream("study", document, "--submit", "slurm", "--report");
  t.is(both.code, 2, both.stderr);

  const path = process.env.PATH;
  process.env.PATH = temporaryFolder(t);
  t.teardown(() => {
    process.env.PATH = path;
  });
  const { code, stderr } = await startStudy(scope, document, "--submit", "slurm").ended;
  process.env.PATH = path;
  t.is(code, 1);
  t.is(stderr.trim(), "patchstream: sbatch: there is no such command here. Run this where jobs are submitted.");

  const elsewhere = t.context.study("elsewhere", { trainers: ["127.0.0.1:1"] });
  const refused = await startStudy(scope, elsewhere, "--submit", "slurm").ended;
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^patchstream: study\.trainers is \["127\.0\.0\.1:1"\]; it must be left out on Slurm/);
});

test("one run is trained by itself, by one process at a time, and only once", async (t) => {
  t.timeout(8 * 60_000, "seven processes, some of which start two more");
  const data = { ...TINY.data, stepsPerEpoch: 2400 };
  const document = t.context.study("single", { methods: ["constant"], lengths: [0.25, 100], data });
  const folder = join(t.context.folder, "single");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "study.json"),
    readFileSync(document, "utf8").replace('"store":"store"', '"store":"../store"'),
  );
  const nameOf = (length: number) => `cubes+small+constant+nnunet+unmirrored+fold0+length${length}+seed1`;
  const unknown = await startStudy(scope, folder, "--run", "cubes+other").ended;
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /no run "cubes\+other"\. The study has 2 runs, such as cubes\+small\+constant/);
  const named = await startStudy(scope, document, "--run", nameOf(100)).ended;
  t.is(named.code, 1);
  t.regex(named.stderr, /must be the folder of a study that was begun/);

  const long = startStudy(scope, folder, "--run", nameOf(100));
  await long.until(({ kind }) => kind === "started");
  const second = await startStudy(scope, folder, "--run", nameOf(100)).ended;
  t.is(second.code, 1);
  t.regex(second.stderr, /process \d+ on \S+ trains this run/);
  long.kill("SIGKILL");
  await long.ended;
  const other = await startStudy(scope, folder, "--run", nameOf(0.25)).ended;
  t.is(other.code, 0, other.stderr);
  t.deepEqual([...resultsIn(folder).keys()], [nameOf(0.25)]);
  const again = await startStudy(scope, folder, "--run", nameOf(0.25)).ended;
  t.is(again.code, 0, again.stderr);
  t.false(again.told.some(({ kind }) => kind === "started"));
});
