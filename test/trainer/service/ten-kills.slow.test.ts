import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { connectTrainer } from "../../../trainer/index.js";
import { seeded } from "../../conformance/seeded.js";
import { fileScope } from "../file-scope.js";
import { remains } from "../process/killed-training.js";
import { holdOutLast, sampleStore, serving, temporaryFolder, tinyRun, trainerIn } from "../processes.js";

interface Shared {
  readonly store: string;
  readonly cases: readonly string[];
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a store", async (t) => {
  t.context = await sampleStore(scope, 3);
});

/** Eight epochs of 16 steps over five stages, validated; stages are decided by what validation shows. */
function longRun(cases: readonly string[]) {
  const data = { ...holdOutLast(cases), stepsPerEpoch: 16, valSteps: 2 };
  const control = { kind: "adaptive", patience: 1, minDelta: 0.02, mostEpochs: 3 } as const;
  return tinyRun(cases, { data, training: { control } });
}

const STEPS = 128;

const portOf = (address = "") => address.split(":")[1] ?? "";

/** A trainer and two data servers of one store, each of which can be killed and is started again at its address. */
async function threeServices(t: ExecutionContext<Shared>) {
  const runs = temporaryFolder(t);
  const serve = (...flags: string[]) => serving(t, "serve", t.context.store, "--workers", "1", ...flags);
  let trainer = await trainerIn(t, runs);
  const replicas = await Promise.all([serve(), serve()]);
  const addresses = replicas.map(({ address }) => address);
  const restarted = replicas.map((replica) => Promise.resolve(replica));
  let [next, kills] = [0, 0];
  return {
    runs,
    trainer: trainer.address,
    data: addresses,
    kills: () => kills,
    /** By turns, and only while both serve: the training must not wait, or it would not be disturbed. */
    async killDataServer(): Promise<void> {
      const index = next++ % replicas.length;
      const [replica] = await Promise.all([restarted[index], ...restarted]);
      await replica?.kill();
      kills++;
      restarted[index] = serve("--port", portOf(addresses[index]));
    },
    async killTrainer(): Promise<void> {
      await trainer.kill();
      kills++;
      trainer = await trainerIn(t, runs, "--port", portOf(trainer.address));
    },
  };
}

type Services = Awaited<ReturnType<typeof threeServices>>;

/** Trains to the end, resuming whenever the trainer was killed; `disturb` is told each step, and may kill. What is left. */
async function trained(t: ExecutionContext<Shared>, services: Services, disturb: (step: number) => Promise<void>) {
  await using trainer = connectTrainer(services.trainer);
  const id = await trainer.start(Buffer.from(JSON.stringify(longRun(t.context.cases))), services.data);
  for (;;) {
    let ending = "";
    for await (const event of trainer.watch(id)) {
      if (event.kind === "step") await disturb(event.step.step);
      if (event.kind === "state") ending = `${event.state.state} ${event.state.message}`;
    }
    if (ending.startsWith("done")) return remains(join(services.runs, id));
    t.is(ending, "interrupted the trainer ended while it ran");
    await trainer.resume(id);
  }
}

/** Five of each, in a random order, at random steps of the first half: what is killed later would find the training at its end. */
function drawKills(seed: number): { readonly step: number; readonly who: "killTrainer" | "killDataServer" }[] {
  const random = seeded(seed);
  const steps = Array.from({ length: 10 }, () => Math.floor((random() * STEPS) / 2)).sort((a, b) => a - b);
  const left = { killTrainer: 5, killDataServer: 5 };
  return steps.map((step) => {
    const who =
      random() * (left.killTrainer + left.killDataServer) < left.killTrainer ? "killTrainer" : "killDataServer";
    left[who]--;
    return { step, who };
  });
}

test("ten kills at random steps, five of the trainer and five of its data servers, change nothing of a training", async (t) => {
  t.timeout(300_000);
  const services = await threeServices(t);
  const expected = await trained(t, services, async () => undefined);
  t.is(expected.steps.length, STEPS);
  t.true(expected.decided.length > 2);
  const due = drawKills(16);
  const began = performance.now();
  const left = await trained(t, services, async (step) => {
    const [first] = due;
    if (first === undefined || step < first.step) return;
    due.shift();
    await services[first.who]();
  });
  t.log(`${((performance.now() - began) / 1000).toFixed(0)} s with the kills`);
  t.is(services.kills(), 10);
  t.deepEqual(left, expected);
});
