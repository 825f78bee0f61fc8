import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { type Channel, callUnary } from "../../../rpc/index.js";
import type { TrainingEvent } from "../../../trainer/index.js";
import { startJob } from "../../../trainer/process/start.js";
import { checkpointPath } from "../../../trainer/run-folder/checkpoint.js";
import { parseRunSpec } from "../../../trainer/spec.js";
import { fileScope } from "../file-scope.js";
import {
  channelTo,
  collect,
  curve,
  eventsOf,
  holdOutLast,
  lastState,
  oneStageRun,
  type Process,
  resume,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  watch,
} from "../processes.js";

interface Shared {
  readonly cases: readonly string[];
  readonly data: Process;
  readonly trainer: Process;
  readonly channel: Channel;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a data server and a trainer", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, temporaryFolder(scope)),
  ]);
  t.context = { cases, data, trainer, channel: channelTo(scope, trainer) };
});

/** The process that trains `training`, as its trainer said. */
function processOf(trainer: Process, training: string): number {
  return Number(eventsOf(trainer, training).findLast(({ event }) => event === "training-started")?.process);
}

/** True where a process has ended, whether or not somebody has asked how. */
function isGone(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return stat === "" || stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

test.serial(
  "a training whose process is killed fails with the reason; all others go on, and it is resumed to the same losses",
  async (t) => {
    const { cases, data, trainer, channel } = t.context;
    const training = await start(channel, data, oneStageRun(cases));
    const next = await start(channel, data, oneStageRun(cases));
    const killed: TrainingEvent[] = [];
    for await (const event of watch(channel, training)) {
      killed.push(event);
      if (event.kind === "step" && event.step.step === 9) process.kill(processOf(trainer, training), "SIGKILL");
    }
    t.is(lastState(killed)?.state, "TRAINING_STATE_FAILED");
    t.regex(
      lastState(killed)?.message ?? "",
      /^the process that trains .* ended: SIGKILL\. Most often memory has run out\.$/,
    );
    const undisturbed = await collect(watch(channel, next));
    t.is(lastState(undisturbed)?.state, "TRAINING_STATE_DONE");
    await resume(channel, training);
    const resumed = await collect(watch(channel, training));
    t.is(lastState(resumed)?.state, "TRAINING_STATE_DONE");
    t.deepEqual(curve(resumed), curve(undisturbed));
  },
);

test("the process of a training ends with its trainer; the training is interrupted then, and can be resumed", async (t) => {
  const { cases, data } = t.context;
  const runs = temporaryFolder(t);
  const trainer = await trainerIn(t, runs);
  const channel = channelTo(t, trainer);
  const training = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  const killed = async () => {
    for await (const event of watch(channel, training))
      if (event.kind === "step" && event.step.step === 20) await trainer.kill();
  };
  await t.throwsAsync(killed, { code: "UNAVAILABLE" });
  const again = await trainerIn(t, runs);
  const channelAgain = channelTo(t, again);
  const { trainings } = await callUnary(channelAgain, "TrainerService", "listTrainings", {});
  t.deepEqual(
    trainings.map(({ id, state }) => ({ id, state })),
    [{ id: training, state: "TRAINING_STATE_INTERRUPTED" }],
  );
  await resume(channelAgain, training);
  const resumed = await collect(watch(channelAgain, training));
  t.is(lastState(resumed)?.state, "TRAINING_STATE_DONE");
  t.deepEqual(
    resumed.flatMap((event) => (event.kind === "step" ? [event.step.step] : [])),
    Array.from({ length: 80 }, (_, i) => i),
    "each step is told once, whatever was on its way when the trainer was killed",
  );
  if (existsSync("/proc")) t.true(isGone(processOf(trainer, training)));
  t.deepEqual(
    readdirSync(join(runs, training)).filter((name) => name.startsWith(".unfinished")),
    [],
  );
});

test.serial("while a step takes as long as it likes, calls are answered and watchers stay", async (t) => {
  const { cases, data, trainer, channel } = t.context;
  const training = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  const watched: TrainingEvent[] = [];
  for await (const event of watch(channel, training)) {
    watched.push(event);
    if (event.kind !== "step" || event.step.step !== 5) continue;
    const pid = processOf(trainer, training);
    process.kill(pid, "SIGSTOP");
    const answer = { timeoutMs: 30_000 };
    const { trainings } = await callUnary(channel, "TrainerService", "listTrainings", {}, answer);
    t.is(trainings.find(({ id }) => id === training)?.state, "TRAINING_STATE_RUNNING");
    const waiting = await start(channel, data, oneStageRun(cases));
    await callUnary(channel, "TrainerService", "stopTraining", { training: waiting }, answer);
    process.kill(pid, "SIGCONT");
  }
  t.is(lastState(watched)?.state, "TRAINING_STATE_DONE");
});

test.serial("a training that ends while it evaluates has taken all of its steps; resumed, it evaluates", async (t) => {
  const { cases, data, trainer, channel } = t.context;
  const training = await start(
    channel,
    data,
    oneStageRun(cases, { data: { ...holdOutLast(cases), stepsPerEpoch: 1 } }),
  );
  for await (const event of watch(channel, training))
    if (event.kind === "checkpoint" && event.checkpoint.step === 8)
      process.kill(processOf(trainer, training), "SIGKILL");
  await resume(channel, training);
  const resumed = await collect(watch(channel, training));
  t.is(lastState(resumed)?.state, "TRAINING_STATE_DONE");
  t.is(resumed.filter((event) => event.kind === "step").length, 8);
  t.is(resumed.filter((event) => event.kind === "evaluated").length, 1);
});

test("no checkpoint is written before every step that it holds is in the log", async (t) => {
  const { cases, data } = t.context;
  const folder = temporaryFolder(t);
  const run = parseRunSpec(oneStageRun(cases));
  const job = { folder, data: [data.address], connection: {}, run, engine: "onnx", threads: 1 };
  const told: string[] = [];
  const training = startJob("train", job, {
    doing: "trains for this test",
    notice: () => undefined,
    log: () => undefined,
    onMessage(message) {
      if (message.kind === "event" && message.event.kind === "checkpoint") told.push("written");
      if (message.kind !== "flush") return;
      if (told.length === 0) t.false(existsSync(checkpointPath(folder)));
      told.push("flush");
      void training.send({ kind: "flushed" });
    },
  });
  t.is(await training.ended, "done");
  t.deepEqual(told, Array.from({ length: 8 }, () => ["flush", "written"]).flat());
});
