import { readFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { connect } from "../../client/index.js";
import { type Channel, callStream, callUnary } from "../../rpc/index.js";
import type { ModelState } from "../../trainer/engines/engine.js";
import { parameterCount } from "../../trainer/engines/model-state.js";
import type { TrainingEvent } from "../../trainer/index.js";
import { describeNetwork } from "../../trainer/networks/describe.js";
import { listParameters } from "../../trainer/networks/parameters.js";
import { stateDict } from "../../trainer/networks/state-dict.js";
import { readCheckpoint } from "../../trainer/run-folder/checkpoint.js";
import { readSafetensors } from "../../trainer/run-folder/safetensors.js";
import { lint, readExposition } from "../metrics/exposition.js";
import { fileScope } from "./file-scope.js";
import {
  caseToLabel,
  channelTo,
  collect,
  curve,
  holdOutLast,
  imageToLabel,
  lastState,
  type Process,
  patchstream,
  predict,
  sampleStore,
  serving,
  start,
  steps,
  type Teardown,
  temporaryFolder,
  tinyRun,
  trainerIn,
  watch,
} from "./processes.js";

const namedWeights = (model: ModelState): ModelState =>
  new Map([...model].flatMap(([name, value]) => (name.startsWith("weight/") ? [[name.slice(7), value]] : [])));

interface Shared {
  readonly store: string;
  readonly cases: readonly string[];
  /** One data server and one trainer for the tests that kill neither. */
  readonly data: Process;
  readonly trainer: Process;
  readonly runs: string;
  readonly channel: Channel;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a store of three of the sample's cases, served", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  t.context = { store, cases, ...(await servers(scope, store)) };
});

/** Long enough to find some of the hippocampus. */
function learningRun(cases: readonly string[]) {
  return tinyRun(cases, { data: { stepsPerEpoch: 40, ...holdOutLast(cases) }, training: { learningRate: 0.1 } });
}

async function servers(scope: Teardown, store: string): Promise<Pick<Shared, "data" | "trainer" | "runs" | "channel">> {
  const runs = temporaryFolder(scope);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, runs, "--metrics-port", "0"),
  ]);
  return { data, trainer, runs, channel: channelTo(scope, trainer) };
}

async function trained(channel: Channel, data: Process, run: object): Promise<TrainingEvent[]> {
  return collect(watch(channel, await start(channel, data, run)));
}

test("a training passes every stage at its scheduled step and ends with Dice", async (t) => {
  const { data, channel } = t.context;
  const events = await trained(channel, data, tinyRun(t.context.cases, { data: holdOutLast(t.context.cases) }));
  t.deepEqual(lastState(events), { state: "TRAINING_STATE_DONE", message: "" });
  t.deepEqual(
    steps(events).map(({ step }) => step),
    Array.from({ length: 32 }, (_, i) => i),
  );
  const entered = events.flatMap((event) => (event.kind === "stage" ? [event.stage] : []));
  t.deepEqual(
    entered.map(({ stage, fromStep, patchSize, batchSize }) => ({ stage, fromStep, patchSize, batchSize })),
    [
      { stage: 0, fromStep: 0, patchSize: [4, 4, 4], batchSize: 24 },
      { stage: 1, fromStep: 4, patchSize: [8, 4, 4], batchSize: 12 },
      { stage: 2, fromStep: 8, patchSize: [8, 8, 4], batchSize: 6 },
      { stage: 3, fromStep: 12, patchSize: [8, 8, 8], batchSize: 3 },
      { stage: 4, fromStep: 16, patchSize: [8, 8, 12], batchSize: 2 },
    ],
  );
  const evaluated = events.find((event) => event.kind === "evaluated");
  t.deepEqual(
    evaluated?.evaluated.classes.map(({ name }) => name),
    ["Anterior", "Posterior"],
  );
  const mean = evaluated?.evaluated.meanDice ?? Number.NaN;
  t.true(mean >= 0 && mean <= 1);
});

test("a residual encoder trains with deep supervision, predicts, and is exported with every name of nnU-Net's module", async (t) => {
  const { data, channel, runs } = t.context;
  const run = tinyRun(t.context.cases, {
    data: { ...holdOutLast(t.context.cases), deepSupervision: true, epochs: 5, stepsPerEpoch: 1 },
    training: { network: "residual-unet" },
  });
  const training = await start(channel, data, run);
  const events = await collect(watch(channel, training));
  t.deepEqual(lastState(events), { state: "TRAINING_STATE_DONE", message: "" });
  const plan = { patchSize: [8, 8, 12], batchSize: 2, pooling: [2, 2, 2] } as const;
  const network = describeNetwork(plan, { channels: 1, classes: 3, network: "residual-unet", baseFeatures: 4 });
  const opened = events.find((event) => event.kind === "opened");
  t.is(opened?.opened.parameters, parameterCount(listParameters(network)));
  t.true(steps(events).every(({ loss, dice }) => Number.isFinite(loss) && dice > 0 && dice < 1));

  const file = join(temporaryFolder(t), "weights.safetensors");
  await patchstream("export", join(runs, training), file);
  const { tensors } = await readSafetensors(file);
  const { model } = (await readCheckpoint(join(runs, training))) ?? { model: new Map() };
  for (const name of ["encoder.stem.convs.0.all_modules.0.bias", "decoder.encoder.stem.convs.0.conv.bias"])
    t.deepEqual(tensors.get(name), model.get("weight/encoder.stem.convs.0.conv.bias"));
  t.deepEqual([...tensors.keys()].sort(), [...stateDict(network, namedWeights(model)).keys()].sort());
});

test("UNETR grows by its tokens, one set of weights for all its stages, and is exported with MONAI's buffers", async (t) => {
  const { data, channel, runs } = t.context;
  const plan = { patchSize: [32, 16, 16], batchSize: 2, minimum: [16, 16, 16], increment: [16, 16, 16] };
  const run = tinyRun(t.context.cases, {
    data: { plan, mode: "efficiency", epochs: 2, stepsPerEpoch: 2 },
    training: { network: "unetr", baseFeatures: 1, momentum: undefined },
  });
  const training = await start(channel, data, run);
  const events = await collect(watch(channel, training));
  t.deepEqual(lastState(events), { state: "TRAINING_STATE_DONE", message: "" });
  const stages = events.flatMap((event) => (event.kind === "stage" ? [event.stage.patchSize] : []));
  t.deepEqual(stages, [
    [16, 16, 16],
    [32, 16, 16],
  ]);
  const file = join(temporaryFolder(t), "weights.safetensors");
  await patchstream("export", join(runs, training), file);
  const { tensors } = await readSafetensors(file);
  t.deepEqual(tensors.get("vit.patch_embedding.position_embeddings")?.shape, [1, 2, 48]);
  t.deepEqual(tensors.get("vit.blocks.11.norm_cross_attn.weight")?.values, new Float32Array(48).fill(1));
});

test("SwinUNETR grows by its windows' tokens, one set of weights for both stages, and is exported with MONAI's buffers", async (t) => {
  const { data, channel, runs } = t.context;
  const plan = { patchSize: [64, 32, 32], batchSize: 1, minimum: [32, 32, 32], increment: [32, 32, 32] };
  const run = tinyRun(t.context.cases, {
    data: { plan, mode: "efficiency", epochs: 2, stepsPerEpoch: 2 },
    training: { network: "swin-unetr", baseFeatures: 12, momentum: undefined },
  });
  const training = await start(channel, data, run);
  const events = await collect(watch(channel, training));
  t.deepEqual(lastState(events), { state: "TRAINING_STATE_DONE", message: "" });
  const stages = events.flatMap((event) => (event.kind === "stage" ? [event.stage] : []));
  t.deepEqual(
    stages.map(({ fromStep, patchSize }) => ({ fromStep, patchSize })),
    [
      { fromStep: 0, patchSize: [32, 32, 32] },
      { fromStep: 2, patchSize: [64, 32, 32] },
    ],
  );
  t.true(steps(events).every(({ loss, dice }) => Number.isFinite(loss) && dice > 0 && dice < 1));
  const file = join(temporaryFolder(t), "weights.safetensors");
  await patchstream("export", join(runs, training), file);
  const { tensors } = await readSafetensors(file);
  const network = describeNetwork(
    { patchSize: [64, 32, 32], batchSize: 1, pooling: [0, 0, 0] },
    { channels: 1, classes: 3, network: "swin-unetr", baseFeatures: 12 },
  );
  const { model } = (await readCheckpoint(join(runs, training))) ?? { model: new Map() };
  t.deepEqual([...tensors.keys()].sort(), [...stateDict(network, namedWeights(model)).keys()].sort());
});

test("a patch that a transformer cannot take is refused at the start, naming the nearest that it can", async (t) => {
  const { data, channel } = t.context;
  const refused = (plan: object, training: object, more: object, message: RegExp) =>
    t.throwsAsync(start(channel, data, tinyRun(t.context.cases, { data: { plan, ...more }, training })), {
      code: "SPEC_INVALID",
      message,
    });
  const sizes = { batchSize: 2, minimum: [16, 16, 16], increment: [16, 16, 16] };
  const swin = { network: "swin-unetr", baseFeatures: 12, momentum: undefined };
  const btcv = { ...sizes, patchSize: [48, 192, 192] };
  await refused(
    btcv,
    swin,
    { mode: "constant" },
    /^plan\.patchSize\[0\] is 48; it must be a multiple of 32 .* Try 32 or 64\.$/,
  );
  const small = { ...sizes, patchSize: [32, 32, 32] };
  await refused(small, swin, {}, /^data\.stages\[0\]\.patchSize\[0\] is 16; .* Try 32\. .*data\.plan\.minimum/);
  await refused(small, { ...swin, baseFeatures: 20 }, {}, /^baseFeatures is 20; .*multiple of 12 .* Try 24\.$/);
  const deep = { mode: "constant", deepSupervision: true };
  await refused(
    small,
    { network: "unetr", momentum: undefined },
    deep,
    /^data\.deepSupervision is true; it must be false .* one output$/,
  );
});

test("a data server that is killed and comes back changes neither batches nor losses", async (t) => {
  const { data, channel } = await servers(t, t.context.store);
  const run = tinyRun(t.context.cases);
  const undisturbed = curve(await trained(channel, data, run));
  const disturbed: TrainingEvent[] = [];
  for await (const event of watch(channel, await start(channel, data, run))) {
    disturbed.push(event);
    if (event.kind === "step" && event.step.step === 9) {
      await data.kill();
      await serving(t, "serve", t.context.store, "--workers", "2", "--port", data.address.split(":")[1] as string);
    }
  }
  t.is(lastState(disturbed)?.state, "TRAINING_STATE_DONE");
  t.deepEqual(curve(disturbed), undisturbed);
});

test("a trainer that is killed goes on from its checkpoint to the same losses and the same Dice", async (t) => {
  const { data, channel, trainer, runs } = await servers(t, t.context.store);
  const run = tinyRun(t.context.cases, { data: holdOutLast(t.context.cases) });
  const undisturbed = await trained(channel, data, run);
  const training = await start(channel, data, run);
  await t.throwsAsync(
    async () => {
      for await (const event of watch(channel, training)) {
        if (event.kind === "step" && event.step.step === 14) await trainer.kill();
      }
    },
    { code: "UNAVAILABLE" },
  );
  const again = await trainerIn(t, runs);
  const channelAgain = channelTo(t, again);
  const { trainings } = await callUnary(channelAgain, "TrainerService", "listTrainings", {});
  t.deepEqual(
    trainings.map(({ state }) => state),
    ["TRAINING_STATE_DONE", "TRAINING_STATE_INTERRUPTED"],
  );
  const { stdout } = await patchstream("train", "--trainer", again.address, "--resume", training, "--json");
  const resumed = stdout
    .trim()
    .split("\n")
    .slice(1, -1)
    .map((line) => JSON.parse(line) as TrainingEvent);
  t.deepEqual(curve(resumed), curve(undisturbed));
  const dice = (events: readonly TrainingEvent[]) => events.find((event) => event.kind === "evaluated");
  t.deepEqual(dice(resumed), dice(undisturbed));
  const firstSteps = resumed.flatMap((event) => (event.kind === "opened" ? [event.opened.firstStep] : []));
  t.is(firstSteps.length, 2);
  t.true((firstSteps[1] as number) > 0, "it did not begin again");
});

test("a trainer that is asked to end keeps every step it took, and ends while somebody watches", async (t) => {
  const { data, channel, trainer, runs } = await servers(t, t.context.store);
  const training = await start(channel, data, tinyRun(t.context.cases, { data: { stepsPerEpoch: 500 } }));
  const watched: TrainingEvent[] = [];
  for await (const event of watch(channel, training)) {
    watched.push(event);
    if (event.kind === "step" && event.step.step === 3) void trainer.end();
  }
  await trainer.end();
  t.is(lastState(watched)?.state, "TRAINING_STATE_INTERRUPTED");
  t.is((await readCheckpoint(join(runs, training)))?.step, steps(watched).length);
});

test("a stage advanced by hand begins at the step that was answered, and the schedule goes on after it", async (t) => {
  const { data, channel, trainer } = t.context;
  const run = tinyRun(t.context.cases, { data: { epochs: 10, stepsPerEpoch: 30 } });
  const training = await start(channel, data, run);
  const taken: { step: number; stage: number }[] = [];
  let decision: { stage: number; fromStep: number } | undefined;
  for await (const event of watch(channel, training)) {
    if (event.kind === "step") taken.push(event.step);
    if (event.kind === "step" && event.step.step === 3) {
      const { stdout } = await patchstream("stage", training, "--trainer", trainer.address, "--advance", "--json");
      decision = JSON.parse(stdout);
    }
  }
  const fromStep = decision?.fromStep ?? Number.NaN;
  const advanced = decision?.stage ?? Number.NaN;
  const scheduled = (step: number) => Math.min(4, Math.floor(step / 60));
  t.is(taken.length, 300);
  t.is(advanced, scheduled(fromStep) + 1);
  for (const { step, stage } of taken) {
    t.is(stage, step < fromStep ? scheduled(step) : Math.max(advanced, scheduled(step)), `step ${step}`);
  }
});

test("a stage set for an exact step begins there; a step that has passed and a stage that is none are refused", async (t) => {
  const { data, channel } = t.context;
  const run = tinyRun(t.context.cases, { data: { epochs: 10, stepsPerEpoch: 30 } });
  const training = await start(channel, data, run);
  const set = (stage: number, fromStep: number) =>
    callUnary(channel, "TrainerService", "setStage", { training, stage, fromStep, hold: false });
  const taken: { step: number; stage: number }[] = [];
  for await (const event of watch(channel, training)) {
    if (event.kind === "step") taken.push(event.step);
    if (event.kind === "step" && event.step.step === 5) {
      await t.throwsAsync(set(3, 2), { code: "STEP_PASSED", message: /step 2 has passed/ });
      await t.throwsAsync(set(7, 290), { code: "STAGE_UNKNOWN" });
      t.deepEqual(await set(0, 270), { stage: 0, fromStep: 270 });
    }
  }
  t.deepEqual(
    taken.slice(268, 272).map(({ stage }) => stage),
    [4, 4, 0, 0],
  );
  await t.throwsAsync(set(1, 299), { code: "NOT_FOUND", message: /It is done/ });
});

test("a decision made before the trainer was killed holds after its restart", async (t) => {
  const { data, channel, trainer, runs } = await servers(t, t.context.store);
  const run = tinyRun(t.context.cases, { data: { epochs: 10, stepsPerEpoch: 30 } });
  const training = await start(channel, data, run);
  const killed = async () => {
    for await (const event of watch(channel, training)) {
      if (event.kind !== "step") continue;
      if (event.step.step === 5) {
        await callUnary(channel, "TrainerService", "setStage", { training, stage: 1, fromStep: 270, hold: false });
      } else if (event.step.step === 40) await trainer.kill();
    }
  };
  await t.throwsAsync(killed, { code: "UNAVAILABLE" });
  const again = await trainerIn(t, runs);
  await patchstream("train", "--trainer", again.address, "--resume", training);
  const resumed = steps(await collect(watch(channelTo(t, again), training)));
  t.deepEqual(
    resumed.slice(268, 272).map(({ step, stage }) => ({ step, stage })),
    [
      { step: 268, stage: 4 },
      { step: 269, stage: 4 },
      { step: 270, stage: 1 },
      { step: 271, stage: 1 },
    ],
  );
  t.is(resumed.length, 300);
});

test("a watcher that comes late gets all of the history, and one that leaves stops nothing", async (t) => {
  const { data, channel } = t.context;
  const training = await start(channel, data, tinyRun(t.context.cases));
  for await (const event of watch(channel, training)) if (event.kind === "step") break;
  const watched = await collect(watch(channel, training));
  t.is(lastState(watched)?.state, "TRAINING_STATE_DONE");
  t.deepEqual(await collect(watch(channel, training)), watched);
});

test("a loss that is not finite stops the training, naming step and stage; the checkpoint is from before", async (t) => {
  const { data, channel, trainer } = t.context;
  const run = tinyRun(t.context.cases, { training: { learningRate: 100, weightDecay: 1, gradientClip: 1e6 } });
  const training = await start(channel, data, run);
  const events = await collect(watch(channel, training));
  t.is(lastState(events)?.state, "TRAINING_STATE_FAILED");
  const failed = steps(events).length;
  const message = new RegExp(`^the loss is .* at step ${failed}, stage ${Math.min(4, Math.floor(failed / 4))}\\.`);
  t.regex(lastState(events)?.message ?? "", message);
  const checkpoints = events.flatMap((event) => (event.kind === "checkpoint" ? [event.checkpoint.step] : []));
  t.true(Math.max(...checkpoints) <= failed);
  await t.throwsAsync(patchstream("train", "--trainer", trainer.address, "--resume", training), {
    message: /failed: the loss is/,
  });
});

test("trainings wait for their turn; one stopped keeps every step it took and goes on later", async (t) => {
  const { data, channel, runs } = await servers(t, t.context.store);
  const long = tinyRun(t.context.cases, { data: { epochs: 8, stepsPerEpoch: 100 } });
  const first = await start(channel, data, long);
  const second = await start(channel, data, tinyRun(t.context.cases));
  const { trainings } = await callUnary(channel, "TrainerService", "listTrainings", {});
  t.deepEqual(
    trainings.map(({ id, dataset }) => ({ id, dataset })),
    [first, second].map((id) => ({ id, dataset: "Task04_Hippocampus" })),
  );
  t.is(trainings[1]?.state, "TRAINING_STATE_QUEUED");
  for await (const event of watch(channel, first)) if (event.kind === "step" && event.step.step === 3) break;
  await callUnary(channel, "TrainerService", "stopTraining", { training: first });
  const stopped = await collect(watch(channel, first));
  t.is(lastState(stopped)?.state, "TRAINING_STATE_STOPPED");
  const checkpoint = stopped.findLast((event) => event.kind === "checkpoint");
  t.is(checkpoint?.checkpoint.step, steps(stopped).length);
  t.is(lastState(await collect(watch(channel, second)))?.state, "TRAINING_STATE_DONE");

  const pieces: Uint8Array[] = [];
  for await (const { data } of callStream(channel, "TrainerService", "getCheckpoint", { training: second }))
    pieces.push(data);
  t.deepEqual(Buffer.concat(pieces), readFileSync(join(runs, second, "checkpoint.safetensors")));
});

test("mirroring where labels tell a direction is warned of", async (t) => {
  const { data, channel } = t.context;
  const augmentation = [{ kind: "mirror", axes: [2] }];
  const events = await trained(
    channel,
    data,
    tinyRun(t.context.cases, { data: { augmentation, epochs: 5, stepsPerEpoch: 1 } }),
  );
  const warnings = events.flatMap((event) => (event.kind === "warning" ? [event.warning] : []));
  t.deepEqual(
    warnings.map(({ code }) => code),
    ["mirroring-directions"],
  );
  t.regex(warnings[0]?.text ?? "", /Anterior, Posterior/);
});

test("a wrong spec and a training that nobody started are refused in one line", async (t) => {
  const { data, channel } = t.context;
  const wrong = tinyRun(t.context.cases, { training: { learningRate: -1 } });
  await t.throwsAsync(start(channel, data, wrong), { code: "SPEC_INVALID", message: /training\.learningRate is -1/ });
  const drawn = tinyRun(t.context.cases, {
    data: { ...holdOutLast(t.context.cases), valSteps: 1, mode: "rpss" },
    training: { control: { kind: "adaptive" } },
  });
  await t.throwsAsync(start(channel, data, drawn), {
    code: "SPEC_INVALID",
    message:
      /^training\.control\.kind is "adaptive"; it must be "scheduled" or "manual" where the stage of each step is drawn/,
  });
  await t.throwsAsync(callUnary(channel, "TrainerService", "stopTraining", { training: "../../etc" }), {
    code: "NOT_FOUND",
  });
  await t.throwsAsync(start(channel, data, { data: { dataset: "Task99_Other" } }), {
    code: "SPEC_INVALID",
    message: /Task99_Other/,
  });
  await t.throwsAsync(start(channel, { ...data, address: "" }, tinyRun(t.context.cases)), { code: "SPEC_INVALID" });
  const { trainings } = await callUnary(channel, "TrainerService", "listTrainings", {});
  t.false(
    trainings.some(({ dataset }) => dataset === "Task99_Other"),
    "what is refused leaves no training behind",
  );
});

test("a case predicted over the wire is labelled as the evaluation labelled it, on its original grid", async (t) => {
  const { data, channel } = t.context;
  const training = await start(channel, data, learningRun(t.context.cases));
  const events = await collect(watch(channel, training));
  const [held] = events.flatMap((event) => (event.kind === "caseEvaluated" ? [event.caseEvaluated] : []));
  await using client = connect(data.address);
  t.true(
    held?.classes.some(({ dice }) => (dice ?? 0) > 0.1),
    "the network has learnt something to compare",
  );
  const reference = await client.readReference(held?.case ?? "");
  const label = await predict(channel, [caseToLabel({ training, case: held?.case ?? "" })]);
  t.is(label.length, reference.length);
  for (const { class: value, dice } of held?.classes ?? []) {
    const both = reference.filter((one, i) => one === value && label[i] === value).length;
    const either = reference.filter((one) => one === value).length + label.filter((one) => one === value).length;
    t.is(dice, (2 * both) / either);
  }
});

test("an image predicted on its own grid is labelled as the case it is", async (t) => {
  const { data, channel } = t.context;
  const training = await start(channel, data, learningRun(t.context.cases));
  await collect(watch(channel, training));
  await using client = connect(data.address);
  const { cases } = await client.describeDataset();
  const [first] = cases;
  if (!first) return t.fail();
  const bytes = new Uint8Array((await client.readImage(first.id)).buffer);
  const tensor = { name: "image", type: "f32", shape: first.shape, byteLength: bytes.length };
  const half = bytes.length / 2;
  const chunk = (offset: number, end: number) => ({ step: 0, offset, data: bytes.subarray(offset, end) });
  const label = await predict(channel, [
    imageToLabel({ training, tensor }),
    { kind: "chunk", chunk: chunk(0, half) },
    { kind: "chunk", chunk: chunk(half, bytes.length) },
  ]);
  // The sample is stored as it lies in its files: nothing is cut, turned or resampled.
  t.deepEqual(label, await predict(channel, [caseToLabel({ training, case: first.id })]));

  const wrong = { ...tensor, shape: [2, ...first.shape.slice(1)] };
  await t.throwsAsync(predict(channel, [imageToLabel({ training, tensor: wrong })]), {
    message: /image.tensor.shape\[0\] is 2; it must be 1, the network's channels/,
  });
  await t.throwsAsync(predict(channel, [imageToLabel({ training, tensor })]), { message: /0 bytes/ });
  for (const [offset, end] of [
    [0, 0],
    [4, 8],
    [0, bytes.length + 4],
  ] as const) {
    const data = new Uint8Array(end - offset);
    await t.throwsAsync(
      predict(channel, [imageToLabel({ training, tensor }), { kind: "chunk", chunk: { step: 0, offset, data } }]),
      {
        message: new RegExp(`chunk is "${data.length} bytes at ${offset}"; it must be 1 to ${bytes.length} bytes at 0`),
      },
    );
  }
});

test("the commands say what they did, and wrong use is exit 2", async (t) => {
  const { data, trainer, channel } = t.context;
  const training = await start(channel, data, tinyRun(t.context.cases));
  const watched = await patchstream("train", "--trainer", trainer.address, "--watch", training);
  t.regex(
    watched.stdout,
    /^ *stage +patch \(Z,Y,X\) +batch +steps +seconds +waiting +samples\/s +loss +pseudo Dice\n +0 +4x4x4 +24 +4 /,
  );
  t.regex(
    watched.stdout,
    /32 steps in [\d.]+ s; the first batch took [\d.]+ s more\n[\d.]+ % of the FLOPs \([\d.e-]+ TFLOP\) and [\d.]+ % of the time .*\n$/,
  );
  t.regex(watched.stderr, /step 4: stage 1, patch 8x4x4, batch 12 \(scheduled\)/);
  const listed = await patchstream("trainings", "--trainer", trainer.address);
  t.true(listed.stdout.includes(`${training}  Task04_Hippocampus  done  step 32 of 32  stage 4\n`));
  const address = ["--trainer", trainer.address];
  await t.throwsAsync(patchstream("stage", training, ...address), { code: 2, message: /--advance and --to/ });
  await t.throwsAsync(patchstream("stage", training, ...address, "--advance"), { code: 1, message: /It is done/ });
  await t.throwsAsync(patchstream("train", ...address), { code: 2, message: /--run, --resume and --watch/ });
});

test("two trainers do not share a runs folder", async (t) => {
  const { runs } = t.context;
  await t.throwsAsync(patchstream("trainer", "--runs", runs), { code: 1, message: /serves this runs folder/ });
});

test("metrics count the steps of all trainings", async (t) => {
  const { data, trainer, channel } = t.context;
  await trained(channel, data, tinyRun(t.context.cases));
  const text = await (await fetch(`http://${trainer.metrics}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  t.deepEqual(lint(readExposition(text)), []);
  t.true(value("patchstream_training_steps_total") >= 32);
  t.true(value("patchstream_training_step_duration_seconds_sum") > 0);
  t.true(value('patchstream_training_state_changes_total{state="done"}') >= 1);
});

test("a trainer listens on this machine only, unless it is told otherwise", async (t) => {
  await t.throwsAsync(patchstream("trainer", "--host", "0.0.0.0", "--runs", temporaryFolder(t)), {
    code: 1,
    message: /host is "0\.0\.0\.0".*loopback.*--insecure/,
  });
});
