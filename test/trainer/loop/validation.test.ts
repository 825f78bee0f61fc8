import test, { type ExecutionContext } from "ava";
import type { DataSpecInput } from "../../../client/index.js";
import type { StageChanged } from "../../../client/types.js";
import { StageRequests } from "../../../trainer/loop/stage-requests.js";
import { VALIDATION_CREDIT, ValidationBatches } from "../../../trainer/loop/validation.js";
import { folderOf, idleModel, oneClient, trained } from "./trained.js";
import { EPOCHS, VALIDATED_RUN, validatedModel } from "./validated-run.js";

const client = oneClient(test);

async function run(
  t: ExecutionContext,
  changes: Parameters<typeof trained>[1] = {},
  folder = folderOf(t),
  spec: DataSpecInput = VALIDATED_RUN,
) {
  t.timeout(300_000);
  return trained({ client: await client(), spec, folder, validated: true }, changes);
}

test("every epoch ends with its validation batches, at full patch, and tells what came of them", async (t) => {
  const { model, patches } = validatedModel((epoch) => epoch / 10);
  const { end, steps, epochs, events } = await run(t, { model });
  t.is(end, "done");
  t.is(steps.length, 2 * EPOCHS);
  t.deepEqual(patches, new Array(EPOCHS * VALIDATED_RUN.valSteps).fill("16x16x16"));
  let average: number | undefined;
  for (const [epoch, ended] of epochs.entries()) {
    const mean = epoch / 10;
    average = average === undefined ? mean : average * 0.9 + 0.1 * mean;
    t.like(ended, { epoch, stepsTaken: 2 * epoch + 2, loss: 1, validationLoss: epoch, best: true });
    t.deepEqual(ended.pseudoDice, [
      { class: 1, name: "Anterior", dice: mean },
      { class: 2, name: "Posterior" },
    ]);
    t.is(ended.meanPseudoDice, mean);
    t.is(ended.smoothedPseudoDice, average);
    t.is(ended.samples, epoch < 2 ? 8 : 4);
    t.true(ended.secondsLeft >= 0);
  }
  t.is(epochs.length, EPOCHS);
  t.is(epochs.at(-1)?.secondsLeft, 0);
  t.is(
    events.findIndex(({ kind }) => kind === "epoch"),
    3,
    "right behind its last step",
  );
});

test("the first batches of the next epoch are asked for before it, and an epoch may be skipped", async (t) => {
  const val = await (await client()).openRun(VALIDATED_RUN, { timeline: "val", creditBatches: VALIDATION_CREDIT });
  const batches = new ValidationBatches(val);
  const stepsOf = async (epoch: number) => {
    const steps: number[] = [];
    for await (using batch of batches.of(epoch)) steps.push(batch.step);
    return steps;
  };
  t.deepEqual(await stepsOf(0), [0, 1, 2, 3]);
  t.is(val.firstUnwanted, VALIDATED_RUN.valSteps + VALIDATION_CREDIT);
  t.deepEqual(await stepsOf(1), [4, 5, 6, 7]);
  t.deepEqual(await stepsOf(3), [12, 13, 14, 15]);
});

test("the best epoch is the one with the highest moving average, an equal one later is not", async (t) => {
  const { model } = validatedModel((epoch) => [0.2, 0.2, 0.4, 0.1, 0.2, 0.9][epoch] ?? 0);
  const { epochs, checkpoints } = await run(t, { model });
  const best = [true, false, true, false, false, true];
  t.deepEqual(
    epochs.map((epoch) => epoch.best),
    best,
  );
  t.deepEqual(
    checkpoints.map(({ step, isBest, progress }) => ({ step, isBest, epochs: progress.epochs })),
    best.map((isBest, epoch) => ({ step: 2 * epoch + 2, isBest, epochs: epoch + 1 })),
  );
});

test("validation does not touch the training batches: with it and without, they and their stages are the same", async (t) => {
  const batches = (steps: readonly { step: number; stage: number; checksum: number }[]) =>
    steps.map(({ step, stage, checksum }) => [step, stage, checksum]);
  const { steps } = await run(t, { model: validatedModel().model });
  const folder = folderOf(t);
  const without = await trained({ client: await client(), spec: VALIDATED_RUN, folder });
  t.deepEqual(batches(steps), batches(without.steps));
  t.deepEqual(
    without.epochs.map(({ pseudoDice, validationLoss, smoothedPseudoDice, best }) => ({
      pseudoDice,
      validationLoss,
      smoothedPseudoDice,
      best,
    })),
    new Array(EPOCHS).fill({
      pseudoDice: [],
      validationLoss: undefined,
      smoothedPseudoDice: undefined,
      best: false,
    }),
  );
});

test("stopped while it validates, a training goes on with that validation, and to the same end", async (t) => {
  const undisturbed = validatedModel((epoch) => epoch / 10);
  const whole = await run(t, { model: undisturbed.model });
  const stop = new AbortController();
  const first = validatedModel((epoch) => epoch / 10);
  const folder = folderOf(t);
  const model = idleModel({
    validate: async (batch) => {
      if (first.images.length === 9) stop.abort();
      return first.model.validate(batch);
    },
  });
  const stopped = await run(t, { model, signal: stop.signal }, folder);
  t.is(stopped.end, "stopped");
  t.is(first.images.length, 10);
  t.is(stopped.epochs.length, 2);
  const [last] = stopped.checkpoints.slice(-1);
  t.like(last, { step: 6, isBest: false, progress: { epochs: 2 } });
  const progress = last?.progress ?? { epochs: 0 };
  const losses = new Array(6).fill(1);
  // The model counts validations from epoch 0.
  const second = validatedModel((epoch) => (epoch + 2) / 10);
  const resumed = await run(t, { model: second.model, from: 6, progress, losses }, folder);
  t.is(resumed.end, "done");
  t.deepEqual(resumed.checkpoints.at(-1), whole.checkpoints.at(-1));
  t.deepEqual(second.images, undisturbed.images.slice(8));
  t.deepEqual(
    resumed.epochs.map(({ epoch, best, samples, loss }) => ({ epoch, best, samples, loss })),
    whole.epochs.slice(2).map(({ epoch, best, samples, loss }) => ({ epoch, best, samples, loss })),
  );
});

test("a stage may be set while a validation runs, for the steps after it", async (t) => {
  const stageRequests = new StageRequests();
  let ask: () => void = () => undefined;
  const answered = new Promise<StageChanged>((resolve, reject) => {
    ask = () => stageRequests.add({ stage: 2, fromStep: 2, hold: true, resolve, reject });
  });
  const { model, images } = validatedModel();
  const asking = idleModel({
    validate: async (batch) => {
      if (images.length === 1) ask();
      return model.validate(batch);
    },
  });
  const { steps } = await run(t, { model: asking, stageRequests });
  t.like(await answered, { stage: 2, fromStep: 2 });
  t.deepEqual(
    steps.map(({ stage }) => stage),
    [0, 0, ...new Array(10).fill(2)],
  );
});

test("a validation loss that is no number ends the training with the step and the stage that led to it", async (t) => {
  const model = idleModel({ validate: async () => ({ loss: Number.NaN, counts: [] }) });
  const { end, checkpoints, epochs } = await run(t, { model });
  t.like(end, {
    code: "LOSS_NOT_FINITE",
    facts: { step: 1, stage: 0, loss: Number.NaN, gradientNorm: 1 },
  });
  t.regex((end as Error).message, /at step 1, stage 0.*validation/);
  t.is(checkpoints.length, 0);
  t.is(epochs.length, 0);
});

test("with fewer steps than epochs, epochs without a step are neither told nor validated", async (t) => {
  const { model, images } = validatedModel();
  const { end, epochs, checkpoints } = await run(t, { model }, folderOf(t), { ...VALIDATED_RUN, stepsPerEpoch: 0.5 });
  t.is(end, "done");
  t.deepEqual(
    epochs.map(({ epoch, stepsTaken }) => [epoch, stepsTaken]),
    [
      [1, 1],
      [3, 2],
      [5, 3],
    ],
  );
  t.is(images.length, 3 * VALIDATED_RUN.valSteps);
  t.is(checkpoints.at(-1)?.progress.epochs, EPOCHS);
});
