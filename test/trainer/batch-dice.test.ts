import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { ingest } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import { StageRequests } from "../../trainer/loop/stage-requests.js";
import { runTraining } from "../../trainer/loop/training.js";
import type { TrainingEvent } from "../../trainer/run-folder/events.js";
import { parseRunSpec } from "../../trainer/spec.js";
import { fileScope } from "./file-scope.js";
import { copySample, steps, temporaryFolder, tinyRun } from "./processes.js";

/** Data servers of the same two cases, by what their store's plans.json says of `batch_dice`. */
interface Shared {
  readonly cases: readonly string[];
  readonly addresses: { readonly over: string; readonly perSample: string; readonly silent: string };
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("stores whose plans differ in batch_dice only, served", async (t) => {
  const folder = temporaryFolder(scope);
  const raw = join(folder, "Task04_Hippocampus");
  const cases = copySample(raw, 2);
  const served = async (name: string, change: (configuration: Record<string, unknown>) => void) => {
    const planned = JSON.parse(readFileSync(join(folder, "planned", "plans.json"), "utf8"));
    change(planned.configurations["3d_fullres"]);
    const plans = join(folder, `${name}.json`);
    writeFileSync(plans, JSON.stringify(planned));
    await ingest(raw, join(folder, name), { workers: 1, plans });
    const server = await serve(join(folder, name), { workers: 1 });
    scope.teardown(() => server.drain());
    return server.address;
  };
  await ingest(raw, join(folder, "planned"), { workers: 1 });
  const addresses = {
    over: await served("over", (configuration) => Object.assign(configuration, { batch_dice: true })),
    perSample: await served("per-sample", (configuration) => Object.assign(configuration, { batch_dice: false })),
    silent: await served("silent", (configuration) => Reflect.deleteProperty(configuration, "batch_dice")),
  };
  t.context = { cases, addresses };
});

/** Trains two steps, or goes on in `folder`; ends after the step `stopAfter`. */
async function train(
  { cases, folder, data, training = {} }: { cases: readonly string[]; folder: string; data: string; training?: object },
  stopAfter?: number,
) {
  const stop = new AbortController();
  const events: TrainingEvent[] = [];
  const half = { mode: "constant", epochs: 1, stepsPerEpoch: 2, valSteps: 0 };
  const outcome = await runTraining({
    folder,
    data: [data],
    connection: {},
    run: parseRunSpec(tinyRun(cases, { data: half, training })),
    engine: "onnx",
    threads: 1,
    emit(event) {
      events.push(event);
      if (event.kind === "step" && event.step.step === stopAfter) stop.abort();
    },
    emitted: async () => undefined,
    notice: () => undefined,
    onFleet: () => undefined,
    stageRequests: new StageRequests(),
    signal: stop.signal,
  });
  const digest = events.flatMap((event) => (event.kind === "opened" ? [event.opened.digest] : []));
  return { outcome, digest, losses: steps(events).map(({ loss }) => loss) };
}

test("batch_dice of the store's plan decides the Dice loss, batchDice of the run spec goes before it", async (t) => {
  const { cases, addresses } = t.context;
  const losses = async (data: string, training: object) => {
    const done = await train({ cases, folder: temporaryFolder(t), data, training });
    t.is(done.outcome, "done");
    t.is(done.losses.length, 2);
    return done;
  };
  const over = await losses(addresses.over, {});
  const perSample = await losses(addresses.perSample, {});
  t.deepEqual(over.digest, perSample.digest, "the run is the same: the digest is over the data half");
  t.not(over.losses[0], perSample.losses[0]);
  t.deepEqual(await losses(addresses.perSample, { batchDice: true }), over);
  t.deepEqual(await losses(addresses.over, { batchDice: false }), perSample);
  t.deepEqual(await losses(addresses.silent, {}), perSample, "a plan without batch_dice");
});

test("a training that goes on keeps the loss that it began with, whatever the store's plan says by then", async (t) => {
  const { cases, addresses } = t.context;
  const whole = await train({ cases, folder: temporaryFolder(t), data: addresses.over });
  const folder = temporaryFolder(t);
  const begun = await train({ cases, folder, data: addresses.over }, 0);
  t.is(begun.outcome, "stopped");
  const resumed = await train({ cases, folder, data: addresses.perSample });
  t.is(resumed.outcome, "done");
  t.deepEqual([...begun.losses, ...resumed.losses], whole.losses);
});
