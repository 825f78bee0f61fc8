import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DataSpecInput } from "../../../client/index.js";
import type { StageChanged } from "../../../client/types.js";
import { StageRequests } from "../../../trainer/loop/stage-requests.js";
import { readDecisions } from "../../../trainer/run-folder/decision-log.js";
import { folderOf, oneClient, trained } from "./trained.js";
import { EPOCHS, VALIDATED_RUN, validatedModel } from "./validated-run.js";

const client = oneClient(test);

const ADAPTIVE = { kind: "adaptive", leastEpochs: 1, mostEpochs: 100, patience: 1, minDelta: 0.01 } as const;
/** A moving average that rises until epoch 1, and again in epoch 4: stage 0 ends with epoch 2, stage 1 with epoch 5. */
const DICE = [0.2, 0.9, 0.2, 0.2, 0.9, 0.2];

async function run(
  t: ExecutionContext,
  changes: Parameters<typeof trained>[1],
  folder = folderOf(t),
  spec: DataSpecInput = VALIDATED_RUN,
) {
  t.timeout(300_000);
  return trained({ client: await client(), spec, folder, validated: true }, changes);
}

const stagesOf = (steps: readonly { stage: number }[]) => steps.map(({ stage }) => stage).join("");

test("under manual control the schedule advances nothing; a stage set by hand holds until the next one", async (t) => {
  const stageRequests = new StageRequests();
  const answered = new Promise<StageChanged>((resolve, reject) =>
    stageRequests.add({ stage: undefined, fromStep: 5, hold: false, resolve, reject }),
  );
  const folder = folderOf(t);
  const { steps, events } = await run(t, { control: { kind: "manual" }, stageRequests }, folder);
  t.deepEqual(await answered, { stage: 1, fromStep: 5, reason: "manual", hold: true });
  t.is(stagesOf(steps), "000001111111");
  const entered = events.flatMap((event) => (event.kind === "stage" ? [event.stage.reason] : []));
  t.deepEqual(entered, ["manual", "manual"]);
  t.deepEqual(
    readDecisions(folder).map(({ stage, fromStep, hold }) => [stage, fromStep, hold]),
    [
      [0, 0, true],
      [1, 5, true],
    ],
  );
});

test("where the stage of each step is drawn, manual control holds one; epochs are validated as ever", async (t) => {
  const drawn = { ...VALIDATED_RUN, stageOrder: "random" } as const;
  const scheduled = await run(t, {}, folderOf(t), drawn);
  t.true(new Set(stagesOf(scheduled.steps)).size > 1);
  const manual = await run(t, { control: { kind: "manual" } }, folderOf(t), drawn);
  t.is(stagesOf(manual.steps), "000000000000");
  for (const { epochs } of [scheduled, manual]) {
    t.deepEqual(
      epochs.map(({ validationLoss }) => validationLoss),
      new Array(EPOCHS).fill(0.5),
    );
    t.true(epochs.every(({ secondsLeft }) => Number.isFinite(secondsLeft)));
  }
});

test("adaptive control advances with the epoch after the one in which the pseudo Dice has stopped rising", async (t) => {
  const folder = folderOf(t);
  const onDisk: string[] = [];
  const { steps, events } = await run(
    t,
    {
      control: ADAPTIVE,
      model: validatedModel((epoch) => DICE[epoch] ?? 0).model,
      emit(event) {
        if (event.kind === "decided") onDisk.push(readFileSync(join(folder, "timeline.jsonl"), "utf8"));
      },
    },
    folder,
  );
  t.is(stagesOf(steps), "000000111111");
  const decided = events.flatMap((event) => (event.kind === "decided" ? [event.decided] : []));
  t.deepEqual(
    decided.map(({ stage, fromStep, reason, hold }) => ({ stage, fromStep, reason, hold })),
    [
      { stage: 0, fromStep: 0, reason: "adaptive", hold: true },
      { stage: 1, fromStep: 6, reason: "adaptive", hold: true },
    ],
  );
  t.is(decided[1]?.text, "for 1 epochs the smoothed pseudo Dice has not risen by more than 0.01 above 0.2700");
  t.deepEqual(
    onDisk.map((text) => text.trim().split("\n").length),
    [1, 2],
    "each is on disk when it is told",
  );
  t.deepEqual(
    events.flatMap((event) => (event.kind === "stage" ? [event.stage.reason] : [])),
    ["adaptive", "adaptive"],
  );
  const order = events.map(({ kind }) => kind);
  const at = order.lastIndexOf("decided");
  t.deepEqual([order[at - 1], order[at + 1]], ["epoch", "stage"]);
});

test("without mostEpochs a stage has at most the epochs that the schedule gives it", async (t) => {
  const { mostEpochs: _, ...control } = ADAPTIVE;
  const rising = validatedModel((epoch) => 0.1 + epoch * 0.1).model;
  const { steps } = await run(t, { control: { ...control, patience: 100 }, model: rising });
  t.is(stagesOf(steps), "000011112222");
});

test("a stage that was set by hand for later keeps the control from deciding before", async (t) => {
  const stageRequests = new StageRequests();
  const answered = new Promise<StageChanged>((resolve, reject) =>
    stageRequests.add({ stage: 2, fromStep: 9, hold: false, resolve, reject }),
  );
  const { steps } = await run(t, { control: { ...ADAPTIVE, mostEpochs: 1 }, stageRequests });
  t.like(await answered, { stage: 2, fromStep: 9 });
  t.is(stagesOf(steps), "000000000222");
});

test("resumed from any checkpoint, with what was decided since on disk or not, adaptive control decides the same", async (t) => {
  const dice = (epoch: number) => DICE[epoch] ?? 0;
  const control = { ...ADAPTIVE, mostEpochs: 2 };
  const folder = folderOf(t);
  const whole = await run(t, { control, model: validatedModel(dice).model }, folder);
  const decisions = readDecisions(folder);
  t.true(decisions.length === 3);
  for (const { step, progress } of whole.checkpoints.slice(0, -1)) {
    const resumed = await run(
      t,
      {
        control,
        model: validatedModel((epoch) => dice(epoch + progress.epochs)).model,
        from: step,
        progress,
        losses: new Array(step).fill(1),
      },
      folder,
    );
    t.is(stagesOf(resumed.steps), stagesOf(whole.steps.slice(step)));
    t.deepEqual(readDecisions(folder), decisions);
    t.deepEqual(resumed.checkpoints, whole.checkpoints.slice(progress.epochs));
  }
  t.is(whole.checkpoints.length, EPOCHS);
});
