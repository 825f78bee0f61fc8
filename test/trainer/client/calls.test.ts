import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { connect } from "../../../client/index.js";
import { callDuplex, methodOf } from "../../../rpc/index.js";
import { connectTrainer, type TrainerClient } from "../../../trainer/index.js";
import { patchstreamHere } from "../../cli/command.js";
import { startProxy } from "../../conformance/tcp-proxy.js";
import { fileScope } from "../file-scope.js";
import {
  channelTo,
  eventsOf,
  imageToLabel,
  oneStageRun,
  type Process,
  sampleStore,
  serving,
  temporaryFolder,
  tinyRun,
  trainerIn,
  trainerUnderTest,
} from "../processes.js";

interface Shared {
  readonly cases: readonly string[];
  readonly data: Process;
  readonly runs: string;
  readonly trainer: Process;
  readonly client: TrainerClient;
  /** A training that is done. */
  readonly done: string;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

/** A patch that takes few windows to label a case, and a stage's steps still take milliseconds. */
const PLAN = { patchSize: [16, 24, 16], batchSize: 2, pooling: [2, 2, 2] };

const jsonOf = (run: object) => Buffer.from(JSON.stringify(run));

async function untilDone(client: TrainerClient, training: string): Promise<void> {
  for await (const _event of client.watch(training));
}

test.before("a data server, and a trainer with a training that is done", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const runs = temporaryFolder(scope);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, runs, "--predictions", "1"),
  ]);
  const client = connectTrainer(trainer.address);
  scope.teardown(() => client[Symbol.asyncDispose]());
  const done = await client.start(jsonOf(oneStageRun(cases, { data: { plan: PLAN } })), data.address);
  await untilDone(client, done);
  t.context = { cases, data, runs, trainer, client, done };
});

test.serial("a run spec that is typed starts, is steered, listed and stopped, in words", async (t) => {
  const { cases, data, client, trainer } = t.context;
  const training = await client.start(
    {
      data: {
        dataset: "Task04_Hippocampus",
        split: { train: cases, val: [] },
        valSteps: 0,
        plan: { patchSize: [8, 8, 12], batchSize: 2, pooling: [2, 2, 2] },
        mode: "performance",
        epochs: 8,
        stepsPerEpoch: 10_000,
        augmentation: "none",
      },
      training: { baseFeatures: 4 },
    },
    [data.address],
  );
  for await (const event of client.watch(training)) if (event.kind === "step") break;
  t.deepEqual(await client.setStage(training, { stage: 2, fromStep: 70_000 }), { stage: 2, fromStep: 70_000 });
  t.like((await client.list()).at(-1), { id: training, state: "running", steps: 80_000, damage: null });
  const { stdout } = await patchstreamHere("trainings", "--trainer", trainer.address);
  t.regex(stdout, new RegExp(`^${training}  Task04_Hippocampus  running  step \\d+ of 80000  stage 0$`, "m"));
  await client.stop(training);
  const { stdout: json } = await patchstreamHere("trainings", "--trainer", trainer.address, "--json");
  t.like(JSON.parse(json).at(-1), { id: training, state: "stopped" });
  t.like((await client.list()).at(-1), { id: training, state: "stopped" });
});

test.serial("a checkpoint is fetched whole, or what was there before stays", async (t) => {
  const { client, trainer, runs, done } = t.context;
  const folder = temporaryFolder(t);
  const file = join(folder, "weights.safetensors");
  const original = readFileSync(join(runs, done, "checkpoint.safetensors"));
  const told: (readonly [received: number, total: number])[] = [];
  const onProgress = (...one: [number, number]) => told.push(one);
  t.is(await client.checkpoint(done, file, { onProgress }), original.length);
  t.deepEqual(told.at(-1), [original.length, original.length]);
  t.deepEqual(readFileSync(file), original);

  writeFileSync(file, "of before");
  const proxy = await startProxy(t, trainer.address);
  await using distant = connectTrainer(proxy.address);
  await distant.list();
  proxy.cutAfter(Math.floor(original.length / 2));
  await t.throwsAsync(distant.checkpoint(done, file), { code: "UNAVAILABLE" });
  const damaged = Buffer.from(original);
  damaged[original.length - 100] = (original.at(-100) as number) ^ 4;
  writeFileSync(join(runs, done, "checkpoint.safetensors"), damaged);
  await t.throwsAsync(client.checkpoint(done, file), { code: "MESSAGE_DAMAGED" });
  writeFileSync(join(runs, done, "checkpoint.safetensors"), original);
  t.is(readFileSync(file, "utf8"), "of before");
  t.deepEqual(readdirSync(folder), ["weights.safetensors"]);

  await t.throwsAsync(client.checkpoint("nope", join(folder, "other")), { code: "NOT_FOUND" });
  t.false(existsSync(join(folder, "other")));
  await patchstreamHere("checkpoint", done, file, "--trainer", trainer.address);
  t.deepEqual(readFileSync(file), original);
});

test.serial("the best checkpoint is fetched and predicted with; without validation there is none", async (t) => {
  const { client, data, cases, runs, done } = t.context;
  const [trained, other, held] = cases as [string, string, string];
  const validated = { split: { train: [trained, other], val: [held] }, valSteps: 1, plan: PLAN, epochs: 2 };
  const training = await client.start(jsonOf(oneStageRun(cases, { data: validated })), data.address);
  const kinds: string[] = [];
  for await (const event of client.watch(training)) if (event.kind === "checkpoint") kinds.push(event.checkpoint.kind);
  t.true(kinds.includes("best") && kinds.includes("latest"));
  const file = join(temporaryFolder(t), "best.safetensors");
  await client.checkpoint(training, file, { checkpoint: "best" });
  t.deepEqual(readFileSync(file), readFileSync(join(runs, training, "checkpoint-best.safetensors")));
  t.true((await client.predictCase(training, held, { checkpoint: "best" })).values.length > 0);
  t.is(typeof (await client.list()).at(-1)?.smoothedPseudoDice, "number");

  const none = {
    code: "NOT_FOUND",
    message: /^no best checkpoint of training .*without validation there is none/,
  } as const;
  await t.throwsAsync(client.checkpoint(done, file, { checkpoint: "best" }), none);
  await t.throwsAsync(client.predictCase(done, trained, { checkpoint: "best" }), none);
});

test.serial("a case and its image are labelled alike", async (t) => {
  const { client, data, cases, done } = t.context;
  const [id] = cases as [string];
  await using server = connect(data.address);
  const { cases: stored } = await server.describeDataset();
  const { shape, geometry } = stored.find((one) => one.id === id) as (typeof stored)[number];
  const ofCase = await client.predictCase(done, id);
  t.deepEqual(ofCase.shape, geometry.originalShape);
  const ofImage = await client.predictImage(done, { shape, values: await server.readImage(id) });
  t.deepEqual(ofImage.shape, shape.slice(1));
  // The sample's cases are stored on their own grid, uncropped.
  t.deepEqual(ofImage.values, ofCase.values);
  const wrong = { shape: [1, 2, 2, 2], values: new Float32Array(7) } as const;
  await t.throwsAsync(client.predictImage(done, wrong), { code: "REQUEST_INVALID", message: /8 values/ });
  await t.throwsAsync(client.predictCase(done, "nobody"), { code: "NOT_FOUND", message: /nobody/ });
});

test.serial("one image is labelled at a time: a second call is refused as busy, and the client waits", async (t) => {
  const { client, trainer, cases, done } = t.context;
  const [id] = cases as [string];
  const channel = channelTo(t, trainer);
  const decode = methodOf("TrainerService", "predict").decodeResponse;
  const holding = callDuplex(channel, "TrainerService", "predict", decode);
  holding.on("error", () => undefined);
  const tensor = { name: "image", type: "f32", shape: [1, 64, 64, 64], byteLength: 4 * 64 ** 3 };
  holding.write(imageToLabel({ training: done, tensor }));
  await using hasty = connectTrainer(trainer.address, { deadlineMs: 1 });
  const isBusy = async () => {
    for (;;) {
      const error = await hasty.predictCase(done, id).catch((failure: Error & { facts: object }) => failure);
      if (error instanceof Error) return error;
    }
  };
  t.like(await isBusy(), { facts: { code: "SERVER_BUSY", limit: "max_predictions", max: 1 } });
  const waiting = client.predictCase(done, id);
  holding.cancel();
  t.true((await waiting).values.length > 0);
});

test.serial("a training goes on while its checkpoints label for two callers", async (t) => {
  const { client, data, cases } = t.context;
  const [id] = cases as [string];
  const run = oneStageRun(cases, { data: { plan: PLAN, epochs: 1000, stepsPerEpoch: 20 } });
  const training = await client.start(jsonOf(run), data.address);
  for await (const event of client.watch(training)) if (event.kind === "checkpoint") break;
  t.like(await client.describeModel(training), { trainedOn: { channelNames: ["MRI"] }, patchSize: PLAN.patchSize });
  const shares: number[] = [];
  const labels = await Promise.all([
    client.predictCase(training, id, { onProgress: (share) => shares.push(share) }),
    client.predictCase(training, id),
  ]);
  t.true(labels.every(({ steps: [step = 0] }) => step > 0 && step % 20 === 0));
  t.deepEqual([shares.at(-1), shares], [1, shares.toSorted((a, b) => a - b)]);
  const { stepsTaken = 0 } = (await client.list()).find((one) => one.id === training) ?? {};
  let next = 0;
  for await (const event of client.watch(training)) {
    if (event.kind !== "step") continue;
    t.is(event.step.step, next++);
    if (next > stepsTaken) break;
  }
  await client.stop(training);
  t.like((await client.list()).at(-1), { id: training, state: "stopped" });
});

test.serial("a prediction for which trainings leave no memory is refused as busy", async (t) => {
  const { cases, data } = t.context;
  const runs = temporaryFolder(t);
  const trainer = await trainerIn(t, runs, "--memory", `${trainerUnderTest.roomForOne}MiB`);
  await using client = connectTrainer(trainer.address, { deadlineMs: 30_000 });
  const first = await client.start(jsonOf(oneStageRun(cases)), data.address);
  await untilDone(client, first);
  t.true((await client.predictCase(first, cases[0] as string)).values.length > 0);
  const long = await client.start(jsonOf(oneStageRun(cases, { data: { stepsPerEpoch: 10_000 } })), data.address);
  for await (const event of client.watch(long)) if (event.kind === "step") break;
  await using hasty = connectTrainer(trainer.address, { deadlineMs: 1 });
  await t.throwsAsync(hasty.predictCase(first, cases[0] as string), {
    code: "SERVER_BUSY",
    message: /memory_bytes.*Trainings take the rest/s,
  });
  await client.stop(long);
});

test.serial("what fails has the data client's codes and facts", async (t) => {
  const { client, data, done, cases } = t.context;
  const unknown = { code: "NOT_FOUND", message: /^no training "nope"/ };
  const watching = async () => {
    for await (const _event of client.watch("nope"));
  };
  await t.throwsAsync(watching, unknown);
  await t.throwsAsync(client.stop("nope"), unknown);
  await t.throwsAsync(client.resume("nope"), unknown);
  await t.throwsAsync(client.setStage("nope"), unknown);
  await t.throwsAsync(client.resume(done), { code: "TRAINING_ENDED" });
  await t.throwsAsync(client.setStage(done), { code: "NOT_FOUND", message: /It is done/ });
  await t.throwsAsync(client.start({ data: { dataset: "Task99_Other" } }, data.address), { code: "SPEC_INVALID" });
  await t.throwsAsync(client.start(jsonOf(tinyRun(cases)), []), { code: "SPEC_INVALID" });
  await using nobody = connectTrainer("127.0.0.1:1");
  await t.throwsAsync(nobody.list(), { code: "UNAVAILABLE", message: /127\.0\.0\.1:1/ });
  await using dataServer = connectTrainer(data.address);
  await t.throwsAsync(dataServer.list(), { code: "UNSUPPORTED" });
  t.throws(() => connectTrainer("trainer.example:7071", { token: "secret" }), { code: "UNAUTHENTICATED" });
});

test.serial("a trainer that asks for a token gives nothing without it", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "tokens"), "train secret\n");
  const trainer = await trainerIn(t, join(folder, "runs"), "--token-file", join(folder, "tokens"));
  await using stranger = connectTrainer(trainer.address);
  await t.throwsAsync(stranger.list(), { code: "UNAUTHENTICATED", message: /--token-file/ });
  await using owner = connectTrainer(trainer.address, { token: "secret" });
  t.deepEqual(await owner.list(), []);
});

test.serial("a call that is not answered in time is DEADLINE", async (t) => {
  const { cases, data, client, trainer } = t.context;
  const training = await client.start(jsonOf(oneStageRun(cases, { data: { stepsPerEpoch: 10_000 } })), data.address);
  for await (const event of client.watch(training)) if (event.kind === "step") break;
  const pid = Number(eventsOf(trainer, training).find(({ event }) => event === "training-started")?.process);
  process.kill(pid, "SIGSTOP");
  await using hasty = connectTrainer(trainer.address, { deadlineMs: 200 });
  await t.throwsAsync(hasty.setStage(training), { code: "DEADLINE", message: /setStage/ });
  process.kill(pid, "SIGCONT");
  await client.stop(training);
});
