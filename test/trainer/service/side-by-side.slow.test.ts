import { type Channel, callUnary } from "../../../rpc/index.js";
import type { TrainingEvent } from "../../../trainer/index.js";
import { testWithDataServer } from "../one-data-server.js";
import {
  channelTo,
  collect,
  curve,
  lastState,
  resume,
  start,
  steps,
  temporaryFolder,
  tinyRun,
  trainerIn,
  trainerUnderTest,
  watch,
} from "../processes.js";

const test = testWithDataServer();

const long = (cases: readonly string[]) => tinyRun(cases, { data: { stepsPerEpoch: 10_000 } });

async function list(channel: Channel) {
  const { trainings } = await callUnary(channel, "TrainerService", "listTrainings", {});
  return new Map(trainings.map((training) => [training.id, training]));
}

async function stop(channel: Channel, training: string): Promise<void> {
  await callUnary(channel, "TrainerService", "stopTraining", { training }, { timeoutMs: 30_000 });
}

/** Resolves when the training has taken `count` steps more than it had when asked. */
async function moreSteps(channel: Channel, training: string, count: number): Promise<void> {
  const before = (await list(channel)).get(training)?.stepsTaken ?? 0;
  for await (const event of watch(channel, training))
    if (event.kind === "step" && event.step.step >= before + count) return;
  throw new Error(`${training} ended`);
}

/** Resolves when the training has entered a state. */
async function entered(channel: Channel, training: string, state: string): Promise<void> {
  for await (const event of watch(channel, training)) if (event.kind === "state" && event.state.state === state) return;
  throw new Error(`${training} ended before it was ${state}`);
}

test("two trainings take steps at the same time, the third waits until one of them ends", async (t) => {
  const { cases, data } = t.context;
  const channel = channelTo(t, await trainerIn(t, temporaryFolder(t), "--trainings", "2"));
  const first = await start(channel, data, long(cases));
  const second = await start(channel, data, long(cases));
  const third = await start(channel, data, tinyRun(cases));
  // Each goes on while the other one does: neither waits for the other to end.
  for (const training of [first, second, first, second]) await moreSteps(channel, training, 5);
  const listed = await list(channel);
  t.deepEqual(
    [first, second, third].map((id) => listed.get(id)?.state),
    ["TRAINING_STATE_RUNNING", "TRAINING_STATE_RUNNING", "TRAINING_STATE_QUEUED"],
  );
  t.deepEqual(
    [first, second, third].map((id) => listed.get(id)?.steps),
    [80_000, 80_000, 0],
  );
  await stop(channel, first);
  t.is(lastState(await collect(watch(channel, third)))?.state, "TRAINING_STATE_DONE");
  t.is((await list(channel)).get(second)?.state, "TRAINING_STATE_RUNNING");
});

test("trainings beside each other learn what each learns alone", async (t) => {
  const { cases, data } = t.context;
  const channel = channelTo(t, await trainerIn(t, temporaryFolder(t), "--trainings", "2"));
  const alone = await collect(watch(channel, await start(channel, data, tinyRun(cases))));
  const two = await Promise.all([start(channel, data, tinyRun(cases)), start(channel, data, tinyRun(cases))]);
  for (const training of two) t.deepEqual(curve(await collect(watch(channel, training))), curve(alone));
});

test("a training waits for memory although there is a place, and those behind it wait too", async (t) => {
  const { cases, data } = t.context;
  const flags = ["--trainings", "3", "--memory", `${trainerUnderTest.roomForOne}MiB`];
  const channel = channelTo(t, await trainerIn(t, temporaryFolder(t), ...flags));
  const first = await start(channel, data, long(cases));
  const second = await start(channel, data, tinyRun(cases));
  const third = await start(channel, data, tinyRun(cases));
  await moreSteps(channel, first, 5);
  const listed = await list(channel);
  t.deepEqual(
    [first, second, third].map((id) => listed.get(id)?.state),
    ["TRAINING_STATE_RUNNING", "TRAINING_STATE_QUEUED", "TRAINING_STATE_QUEUED"],
  );
  const thirdRuns = entered(channel, third, "TRAINING_STATE_RUNNING").then(() => list(channel));
  await stop(channel, first);
  t.is((await thirdRuns).get(second)?.state, "TRAINING_STATE_DONE");
  t.is(lastState(await collect(watch(channel, third)))?.state, "TRAINING_STATE_DONE");
});

test("a training that never fits into the memory is refused, with what it takes and what there is", async (t) => {
  const { cases, data } = t.context;
  const { roomForOne } = trainerUnderTest;
  const channel = channelTo(t, await trainerIn(t, temporaryFolder(t), "--memory", `${roomForOne}MiB`));
  const plan = { patchSize: [64, 64, 64], batchSize: 8, pooling: [2, 2, 2] };
  const large = tinyRun(cases, { data: { plan, mode: "constant" }, training: { baseFeatures: 32 } });
  const error = await t.throwsAsync<Error & { facts: object }>(start(channel, data, large), {
    code: "LIMIT_EXCEEDED",
    message: /The training is estimated to take [\d.]+ GiB of the trainer's [\d.]+ GiB\. .*--memory/,
  });
  t.like(error?.facts, { limit: "memory_bytes", max: roomForOne << 20 });
  t.is((await list(channel)).size, 0);
});

test("a trainer that is killed while two train interrupts both, says so, and both go on to the same losses", async (t) => {
  const { cases, data } = t.context;
  const runs = temporaryFolder(t);
  const trainer = await trainerIn(t, runs, "--trainings", "2");
  const channel = channelTo(t, trainer);
  const run = tinyRun(cases, { data: { stepsPerEpoch: 50 } });
  const undisturbed = curve(await collect(watch(channel, await start(channel, data, run))));
  const trainings = [await start(channel, data, run), await start(channel, data, run)];
  const progress = trainings.map((training) => moreSteps(channel, training, 60));
  await Promise.all(progress);
  await trainer.kill();

  const again = await trainerIn(t, runs, "--trainings", "2");
  const channelAgain = channelTo(t, again);
  const listed = await list(channelAgain);
  for (const training of trainings) {
    const short = listed.get(training);
    t.is(short?.state, "TRAINING_STATE_INTERRUPTED");
    const told: TrainingEvent[] = await collect(watch(channelAgain, training));
    t.deepEqual(lastState(told), { state: "TRAINING_STATE_INTERRUPTED", message: "the trainer ended while it ran" });
    const last = steps(told).at(-1);
    t.like(short, { stepsTaken: (last?.step ?? 0) + 1, steps: 400, stage: last?.stage ?? 0 });
  }
  for (const training of trainings) await resume(channelAgain, training);
  for (const training of trainings) t.deepEqual(curve(await collect(watch(channelAgain, training))), undisturbed);
});
