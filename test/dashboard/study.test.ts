import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { serveDashboard } from "../../dashboard/index.js";
import type { PageEvent, Trouble } from "../../dashboard/messages.js";
import type { StudyStanding } from "../../study/index.js";
import { patchstreamHere } from "../cli/command.js";
import { startStudy, tinyStudies } from "../study/study-process.js";
import { fileScope } from "../trainer/file-scope.js";
import { temporaryFolder } from "../trainer/processes.js";
import { type Asking, asking, events } from "./pages.js";
import { writeStudy } from "./write-study.js";

type Shared = Awaited<ReturnType<typeof tinyStudies>>;

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a store of four small cases", async (t) => {
  t.context = await tinyStudies(scope);
});

async function dashboardOf(t: ExecutionContext<Shared>, study: string): Promise<Asking> {
  const served = await serveDashboard({ study });
  t.teardown(() => served[Symbol.asyncDispose]());
  return asking(served);
}

/** The first standing that is as it should be. */
async function seen(page: Asking, isSo: (study: StudyStanding) => boolean): Promise<StudyStanding> {
  const { told } = await events(page, undefined, (event) => event.kind === "study" && isSo(event.study));
  const last = told.at(-1) as PageEvent;
  if (last.kind !== "study") throw new Error(`it ended with ${last.kind}`);
  return last.study;
}

test("a study is shown as it goes, without a trainer, and its report is opened once by who has a token", async (t) => {
  const document = t.context.study("seen", { methods: ["constant"], folds: [0, 1], lengths: [50] });
  const study = startStudy(scope, document);
  await study.until(({ kind }) => kind === "started");
  const page = await dashboardOf(t, join(t.context.folder, "seen"));
  t.is((await page.post("/api/study", {})).status, 404);
  const begun = await seen(page, ({ runs }) => runs.some(({ state, steps }) => state === "running" && steps > 0));
  t.is(begun.name, "seen");
  t.is(begun.runs.length, 2);
  const running = begun.runs.find(({ state }) => state === "running");
  t.is(running?.trainer, "own");
  t.true((running?.heardMs ?? 0) > 0);
  const watched = await events(page, running?.training, ({ kind }) => kind === "change");
  t.deepEqual(
    watched.told.find(({ kind }) => kind === "begin"),
    { kind: "begin", training: running?.training },
  );
  const half = await seen(page, ({ runs }) => runs.some(({ state }) => state === "finished"));
  if (half.runs.some(({ state }) => state !== "finished")) t.true((half.secondsLeft ?? -1) >= 0); // 0 where all steps are taken and the result is not written yet
  t.is((await study.ended).code, 0);

  const done = await seen(page, ({ reportMs }) => reportMs !== undefined);
  t.true(done.runs.every(({ state, dice = -1 }) => state === "finished" && dice >= 0));
  t.is(done.secondsLeft, undefined);
  for (const { training, isWatchable, steps } of done.runs) {
    t.true(isWatchable);
    const isWhole = (event: PageEvent) => event.kind === "change" && event.change.standing.figures.stepsTaken === steps;
    const { told } = await events(page, training, isWhole);
    t.is(told.filter(({ kind }) => kind === "unwatched").length, 0);
  }
  const { path } = (await (await page.post("/api/study", {})).json()) as { path: string };
  const report = await fetch(`${page.base}${path}`);
  t.is(report.status, 200);
  t.regex(await report.text(), /<h1>.*<\/h1>/);
  t.regex(report.headers.get("content-security-policy") ?? "", /default-src 'none';.*sandbox/);
  t.is((await fetch(`${page.base}${path}`)).status, 404, "a second time");
  t.is((await fetch(`${page.base}/report/`)).status, 404);
  t.is((await fetch(`${page.base}/api/study`, { method: "POST", body: "{}" })).status, 401);
  t.is((await page.get("/api/trainings/any/batch?step=0")).status, 404);

  // One run whose result does not read any more does not hide the others.
  const [first] = done.runs;
  const file = join(t.context.folder, "seen", "runs", first?.name ?? "", "result.json");
  writeFileSync(file, "{");
  const again = await dashboardOf(t, join(t.context.folder, "seen"));
  const damaged = await seen(again, () => true);
  t.deepEqual(
    damaged.runs.map(({ state }) => state),
    ["damaged", "finished"],
  );
  t.regex(damaged.runs[0]?.message ?? "", /result\.json: it cannot be read as JSON/);
});

test("a trainer of a study that does not answer is said, and so is a study that cannot be read any more", async (t) => {
  const study = join(temporaryFolder(t), "study");
  mkdirSync(study);
  await writeStudy(study);
  const before = await seen(await dashboardOf(t, study), () => true);
  const run = before.runs.find(({ state }) => state === "waiting")?.name ?? "";
  const place = join(study, "runs", run);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "training.json"), JSON.stringify({ trainer: "127.0.0.1:1", training: "t" }));
  const document = join(study, "study.json");
  const text = JSON.stringify({ ...JSON.parse(readFileSync(document, "utf8")), trainers: ["127.0.0.1:1"] });
  writeFileSync(document, text);
  const page = await dashboardOf(t, study);
  const { runs } = await seen(page, () => true);
  const silent = runs.find(({ name }) => name === run);
  t.like(silent, { state: "unknown", trainer: "127.0.0.1:1", training: "t" });
  t.regex(silent?.message ?? "", /127\.0\.0\.1:1/);
  renameSync(document, `${document}.gone`);
  const { told } = await events(page, undefined, ({ kind }) => kind === "studyUnread");
  t.regex((told.at(-1) as { trouble: Trouble }).trouble.message, /study\.json/);
});

test("what is no study, and nothing to show, are said in one line", async (t) => {
  for (const [args, code, words] of [
    [["--study", temporaryFolder(t)], 1, /study\.json/],
    [["--study", "/nowhere"], 1, /nowhere.*study that was begun/],
    [[], 2, /--trainer, --study or both/],
  ] as const) {
    const told = await patchstreamHere("dashboard", ...args);
    t.is(told.code, code);
    t.regex(told.stderr, words);
    t.is(told.stderr.trimEnd().split("\n").length, 1, told.stderr);
  }
});
