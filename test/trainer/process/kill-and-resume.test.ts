import { existsSync } from "node:fs";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { seeded } from "../../conformance/seeded.js";
import { testRounds } from "../../rounds.js";
import { fileScope } from "../file-scope.js";
import {
  holdOutLast,
  oneStageRun,
  type Process,
  sampleStore,
  serving,
  temporaryFolder,
  tinyRun,
} from "../processes.js";
import { killWhileItWrites, remains, trainOnce } from "./killed-training.js";

interface Shared {
  readonly store: string;
  readonly cases: readonly string[];
  /** Two replicas. */
  readonly data: readonly [Process, Process];
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);
const STEPS = 32;
const EPOCHS = 8;

test.before("two data servers of one store", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const serve = () => serving(scope, "serve", store, "--workers", "1");
  t.context = { store, cases, data: await Promise.all([serve(), serve()]) };
});

const STAGES = [
  { patchSize: [8, 8, 8], batchSize: 2, epochs: 4 },
  { patchSize: [8, 8, 12], epochs: 4 },
];

/** Eight epochs of four steps over two stages, validated; its checkpoint takes a few milliseconds to write. */
function validatedRun(cases: readonly string[], control: object) {
  const data = { ...holdOutLast(cases), mode: undefined, strategy: "nnunet", stages: STAGES, valSteps: 2 };
  return tinyRun(cases, { data, training: { control, baseFeatures: 16 } });
}

const CONTROLS = {
  scheduled: { kind: "scheduled" },
  adaptive: { kind: "adaptive", patience: 1, minDelta: 0.02, mostEpochs: 3 },
} as const;

type ControlName = keyof typeof CONTROLS;

function placeFor(t: ExecutionContext<Shared>, control: ControlName, data: readonly Process[] = t.context.data) {
  const run = validatedRun(t.context.cases, CONTROLS[control]);
  return { folder: temporaryFolder(t), data: data.map(({ address }) => address), run };
}

const undisturbed = new Map<ControlName, ReturnType<typeof remains>>();

/** What a training leaves that nobody disturbs. */
function expectedOf(t: ExecutionContext<Shared>, control: ControlName): ReturnType<typeof remains> {
  const made = async () => {
    const place = placeFor(t, control);
    t.is(await trainOnce(place), "done");
    return remains(place.folder);
  };
  const expected = undisturbed.get(control) ?? made();
  undisturbed.set(control, expected);
  return expected;
}

for (const control of ["scheduled", "adaptive"] as const) {
  test.serial(
    `killed at random steps and while it writes a checkpoint, a training under ${control} control ends as undisturbed`,
    async (t) => {
      t.timeout(300_000);
      const expected = await expectedOf(t, control);
      t.is(expected.steps.length, STEPS);
      t.is(expected.epochs.length, EPOCHS);
      t.not(expected.best, "none");
      t.is(expected.evaluated.length, 1);
      if (control === "adaptive") t.is(expected.decided.length, STAGES.length);

      const place = placeFor(t, control);
      if (control === "adaptive")
        // Between a decision and the checkpoint that knows it: that of the beginning, and the first one after it.
        for (const isLater of [false, true]) {
          const killed = await trainOnce(place, {
            event(event, victim) {
              if (event.kind === "decided" && event.decided.fromStep > 0 === isLater) victim.kill();
            },
          });
          t.is(killed, "killed");
        }
      const random = seeded(14);
      for (let round = 0; round < testRounds(2); round++) {
        // A training that was killed late goes on after the step, and is killed at its next one.
        const at = Math.floor(random() * (STEPS - 8));
        const killed = await trainOnce(place, {
          event(event, victim) {
            if (event.kind === "step" && event.step.step >= at) victim.kill();
          },
        });
        t.is(killed, "killed");
      }
      if (existsSync("/proc/self/stat")) {
        let caught = 0;
        const killed = await trainOnce(place, {
          beforeCheckpoint: (victim) => {
            if (caught === 0 && killWhileItWrites(victim)) caught++;
          },
        });
        t.is(killed, "killed");
        t.is(caught, 1);
      }
      t.is(await trainOnce(place), "done");
      t.deepEqual(await remains(place.folder), expected);
    },
  );
}

test.serial("two data servers, killed by turns at random steps, change nothing of a training", async (t) => {
  t.timeout(300_000);
  const expected = await expectedOf(t, "adaptive");
  const serve = (...flags: string[]) => serving(t, "serve", t.context.store, "--workers", "1", ...flags);
  const replicas = await Promise.all([serve(), serve()]);
  const place = placeFor(t, "adaptive", replicas);
  const random = seeded(15);
  const kills = testRounds(3);
  const at = Array.from({ length: kills }, () => Math.floor(random() * (STEPS - 2))).sort((a, b) => a - b);
  const alive = new Set([0, 1]);
  const restarts: Promise<void>[] = [];
  const killAndRestart = async (index: number) => {
    alive.delete(index);
    await replicas[index]?.kill();
    replicas[index] = await serve("--port", replicas[index]?.address.split(":")[1] ?? "");
    alive.add(index);
  };
  const outcome = await trainOnce(place, {
    event(event) {
      const [next] = alive;
      const due = at[restarts.length];
      // With both of them gone no step comes until one is back.
      if (event.kind === "step" && due !== undefined && event.step.step >= due && next !== undefined)
        restarts.push(killAndRestart(next));
    },
  });
  await Promise.all(restarts);
  t.is(outcome, "done");
  t.is(restarts.length, kills);
  t.deepEqual(await remains(place.folder), expected);
});

test.serial("killed between two checkpoints, a training with AdamW ends as undisturbed", async (t) => {
  t.timeout(300_000);
  const training = { optimizer: "adamw", momentum: undefined, learningRate: 0.01 };
  const run = oneStageRun(t.context.cases, { data: { epochs: 3 }, training });
  const data = t.context.data.map(({ address }) => address);
  const whole = { folder: temporaryFolder(t), data, run };
  const resumed = { ...whole, folder: temporaryFolder(t) };
  t.is(await trainOnce(whole), "done");
  const disturbed = await trainOnce(resumed, {
    event(event, victim) {
      if (event.kind === "step" && event.step.step === 6) victim.kill();
    },
  });
  t.is(disturbed, "killed");
  t.is(await trainOnce(resumed), "done");
  const expected = await remains(whole.folder);
  t.is(expected.steps.length, 12);
  t.deepEqual(await remains(resumed.folder), expected);
});
