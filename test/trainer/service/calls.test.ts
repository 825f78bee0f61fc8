import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { type Channel, callUnary } from "../../../rpc/index.js";
import type { TrainingEvent } from "../../../trainer/index.js";
import { patchstreamHere } from "../../cli/command.js";
import { fileScope } from "../file-scope.js";
import {
  channelTo,
  collect,
  eventsOf,
  lastState,
  oneStageRun,
  type Process,
  patchstreamWith,
  resume,
  sampleStore,
  serving,
  start,
  steps,
  temporaryFolder,
  tinyRun,
  trainerIn,
  trainerUnderTest,
  watch,
} from "../processes.js";

interface Shared {
  readonly cases: readonly string[];
  readonly store: string;
  readonly data: Process;
  readonly runs: string;
  readonly trainer: Process;
  readonly channel: Channel;
  /** A training that is done, and what was told of it. */
  readonly done: string;
  readonly told: readonly TrainingEvent[];
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a data server, and a trainer with a training that is done", async (t) => {
  const { store, cases } = await sampleStore(scope, 2);
  const runs = temporaryFolder(scope);
  const [data, trainer] = await Promise.all([serving(scope, "serve", store, "--workers", "1"), trainerIn(scope, runs)]);
  const channel = channelTo(scope, trainer);
  const done = await start(channel, data, oneStageRun(cases));
  const told = await collect(watch(channel, done));
  t.context = { cases, store, data, runs, trainer, channel, done, told };
});

const long = (cases: readonly string[]) => oneStageRun(cases, { data: { stepsPerEpoch: 10_000 } });

async function stop(channel: Channel, training: string): Promise<void> {
  await callUnary(channel, "TrainerService", "stopTraining", { training }, { timeoutMs: 30_000 });
}

async function stateOf(channel: Channel, training: string): Promise<string | undefined> {
  const { trainings } = await callUnary(channel, "TrainerService", "listTrainings", {});
  return trainings.find(({ id }) => id === training)?.state;
}

async function untilStep(channel: Channel, training: string, step: number): Promise<void> {
  for await (const event of watch(channel, training)) if (event.kind === "step" && event.step.step === step) return;
}

test.serial(
  "calls for a queued training, and for one that has ended, are answered while another one runs",
  async (t) => {
    const { channel, data, cases } = t.context;
    const running = await start(channel, data, long(cases));
    const queued = await start(channel, data, oneStageRun(cases));
    await untilStep(channel, running, 0);
    const setStage = (training: string) =>
      callUnary(channel, "TrainerService", "setStage", { training, stage: 1, hold: false }, { timeoutMs: 30_000 });
    await t.throwsAsync(setStage(queued), { code: "NOT_FOUND", message: /It is queued/ });
    await stop(channel, queued);
    t.is(await stateOf(channel, queued), "TRAINING_STATE_STOPPED");
    t.is(await stateOf(channel, running), "TRAINING_STATE_RUNNING");
    t.deepEqual(
      (await collect(watch(channel, queued))).map((event) => (event.kind === "state" ? event.state.state : event.kind)),
      ["TRAINING_STATE_QUEUED", "TRAINING_STATE_STOPPED"],
    );
    await stop(channel, queued);
    await t.throwsAsync(setStage(queued), { code: "NOT_FOUND", message: /It is stopped/ });

    await resume(channel, queued);
    t.is(await stateOf(channel, queued), "TRAINING_STATE_QUEUED");
    await Promise.all([stop(channel, running), stop(channel, running)]);
    t.is(await stateOf(channel, running), "TRAINING_STATE_STOPPED");
    const watched = await collect(watch(channel, queued));
    t.is(lastState(watched)?.state, "TRAINING_STATE_DONE");
    t.is(steps(watched).length, 32);
  },
);

test.serial("a training that is done is not resumed, and stays done", async (t) => {
  const { channel, trainer, done, told } = t.context;
  await t.throwsAsync(resume(channel, done), { code: "TRAINING_ENDED", message: /is done: all of its steps/ });
  const { code, stderr } = await patchstreamHere("train", "--trainer", trainer.address, "--resume", done);
  t.is(code, 1);
  t.regex(stderr, /is done/);
  await stop(channel, done);
  t.is(await stateOf(channel, done), "TRAINING_STATE_DONE");
  t.deepEqual(await collect(watch(channel, done)), told);
});

test.serial("of two who resume a training at once, one does", async (t) => {
  const { channel, data, cases } = t.context;
  const training = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  await untilStep(channel, training, 10);
  await stop(channel, training);
  const tries = await Promise.allSettled([
    resume(channel, training),
    resume(channel, training),
    resume(channel, training),
  ]);
  t.deepEqual(tries.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
  for (const one of tries) if (one.status === "rejected") t.is(one.reason.code, "ALREADY_EXISTS");
  const watched = await collect(watch(channel, training));
  t.is(lastState(watched)?.state, "TRAINING_STATE_DONE");
  t.deepEqual(
    steps(watched).map(({ step }) => step),
    Array.from({ length: 80 }, (_, i) => i),
  );
});

test.serial("what a caller got wrong is the answer to the call, and leaves no training behind", async (t) => {
  const { channel, data, cases, store, runs } = t.context;
  const before = readdirSync(runs);
  const nobody = { ...data, address: "127.0.0.1:1" };
  await t.throwsAsync(start(channel, nobody, tinyRun(cases)), { message: /127\.0\.0\.1:1/ });
  const wrong = tinyRun(cases, { data: { epochs: 2 } });
  await t.throwsAsync(start(channel, data, wrong), { code: "SPEC_INVALID", message: /data\.epochs/ });
  const { missing, refusal, unknown } = trainerUnderTest;
  const elsewhere = tinyRun(cases, { training: { engine: missing } });
  await t.throwsAsync(start(channel, data, elsewhere), { code: "ENGINE_MISSING", message: refusal });
  const unheard = tinyRun(cases, { training: { engine: unknown } });
  const message = new RegExp(`no engine "${unknown}"`);
  await t.throwsAsync(start(channel, data, unheard), { code: "NOT_FOUND", message });
  const token = join(temporaryFolder(t), "token");
  writeFileSync(token, "secret\n");
  const guarded = await serving(t, "serve", store, "--workers", "1", "--token-file", token);
  await t.throwsAsync(start(channel, guarded, tinyRun(cases)), { code: "UNAUTHENTICATED" });
  t.deepEqual(readdirSync(runs), before);
});

test.serial("a stage that cannot be written down is not announced: its steps keep the stage they had", async (t) => {
  const { channel, data, cases, runs } = t.context;
  const stages = [
    { patchSize: [8, 8, 8], batchSize: 2, epochs: 1 },
    { patchSize: [8, 8, 12], epochs: 1 },
  ];
  const half = { mode: undefined, strategy: "nnunet", stages, epochs: 2, stepsPerEpoch: 40 };
  const training = await start(channel, data, tinyRun(cases, { data: half }));
  const decisions = join(runs, training, "timeline.jsonl");
  const taken: number[] = [];
  for await (const event of watch(channel, training)) {
    if (event.kind !== "step") continue;
    taken.push(event.step.stage);
    if (event.step.step !== 5) continue;
    rmSync(decisions);
    mkdirSync(decisions); // as unwritable as a full disk
    const asked = { training, stage: 0, fromStep: 70, hold: true };
    await t.throwsAsync(callUnary(channel, "TrainerService", "setStage", asked), { code: "WRITE_FAILED" });
    rmSync(decisions, { recursive: true });
  }
  t.is(taken.length, 80);
  t.true(taken.slice(70).every((stage) => stage === 1));
});

test.serial("what is written down of a training is its owner's alone", async (t) => {
  const { runs, done } = t.context;
  const folder = join(runs, done);
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  t.is(mode(folder), "700");
  const files = readdirSync(folder);
  t.true(files.includes("checkpoint.safetensors") && files.includes("events.jsonl") && files.includes("run.json"));
  for (const file of files) t.is(mode(join(folder, file)), "600", file);
});

test.serial("a trainer says what happens: which process trains, and how it ended", (t) => {
  const events = eventsOf(t.context.trainer, t.context.done);
  t.deepEqual(
    events.map(({ event }) => event),
    ["training-queued", "training-started", "training-ended"],
  );
  t.regex(String(events[1]?.process), /^\d+$/);
  t.is(events[2]?.state, "done");
});

/** Makes `import()` of every package that an engine needs fail, as where none is installed. */
const WITHOUT_ENGINES = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  const hooks = "export async function resolve(name, context, next) {" +
    "if (/^(onnxruntime-node|@tensorflow\\\\/)/.test(name)) throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' });" +
    "return next(name, context); }";
  register("data:text/javascript," + encodeURIComponent(hooks));`)}`;

test.serial("a trainer without any engine does not start, and says in a line what to install", async (t) => {
  const nothing = patchstreamWith(
    { NODE_OPTIONS: `--import=${WITHOUT_ENGINES}` },
    "trainer",
    "--runs",
    temporaryFolder(t),
  );
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(nothing);
  t.is(error?.code, 1);
  const line = /^patchstream: engine auto is not usable here: [^\n]*\. Run: npm install onnxruntime-node$/m;
  t.regex(error?.stderr ?? "", line);
  const named = await patchstreamHere("trainer", "--engine", "tfjs-node-gpu", "--runs", temporaryFolder(t));
  t.is(named.code, 1);
  t.regex(named.stderr, /engine tfjs-node-gpu is not usable here: [^\n]*npm install/);
});

test.serial(
  "of all starts with one key the first one starts a training, also for a trainer that was started again",
  async (t) => {
    const { data, cases } = t.context;
    const runs = temporaryFolder(t);
    const trainer = await trainerIn(t, runs);
    const channel = channelTo(t, trainer);
    const run = oneStageRun(cases, { data: { epochs: 1, stepsPerEpoch: 1 } });
    const mine = await start(channel, data, run, "mine");
    const both = ["yours", "yours"].map((key) => start(channel, data, run, key));
    const [yours, twin] = (await Promise.all(both)) as [string, string];
    t.is(twin, yours);
    const nobodys = await start(channel, data, run);
    t.is(new Set([mine, yours, nobodys]).size, 3);
    t.is(await start(channel, data, run, "mine"), mine);
    const refused = { code: "REQUEST_INVALID", message: /^key is "mine"; it must be another one: training .* has it/ };
    await t.throwsAsync(start(channel, data, long(cases), "mine"), refused);
    await Promise.all([mine, yours, nobodys].map((id) => collect(watch(channel, id))));
    await trainer.end();
    t.is(await start(channelTo(t, await trainerIn(t, runs)), data, run, "mine"), mine);
    t.is(readdirSync(runs).filter((name) => !name.startsWith(".")).length, 3);
  },
);
