import anyTest, { type TestFn } from "ava";
import { connectTrainer, type WatchedEvent } from "../../../trainer/index.js";
import { startProxy } from "../../conformance/tcp-proxy.js";
import { fileScope } from "../file-scope.js";
import type { OneDataServer } from "../one-data-server.js";
import { oneStageRun, type Process, sampleStore, serving, temporaryFolder, trainerIn } from "../processes.js";

interface Shared extends OneDataServer {
  /** For tests that let it live. */
  readonly trainer: Process;
}
const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a data server and a trainer", async (t) => {
  const { store, cases } = await sampleStore(scope, 2);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, temporaryFolder(scope)),
  ]);
  t.context = { cases, data, trainer };
});

/** More than any test waits for, a checkpoint behind every ten steps. */
const ENDLESS = { epochs: 5_000, stepsPerEpoch: 10 };

const jsonOf = (run: object) => Buffer.from(JSON.stringify(run));

async function collect(events: AsyncIterable<WatchedEvent>): Promise<WatchedEvent[]> {
  const all: WatchedEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const stepsOf = (events: readonly WatchedEvent[]) =>
  events.flatMap((event) => (event.kind === "step" ? [event.step.step] : []));

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test.serial("watchers, early, late and cut off time and again, are told each event once, and the same", async (t) => {
  const { cases, data, trainer } = t.context;
  const proxy = await startProxy(t, trainer.address);
  await using client = connectTrainer(trainer.address);
  await using cutOff = connectTrainer(proxy.address);
  const run = oneStageRun(cases, { data: { stepsPerEpoch: 10 } });
  const training = await cutOff.start(jsonOf(run), data.address);
  const early = collect(client.watch(training));
  const late: Promise<WatchedEvent[]>[] = [];
  const watched: WatchedEvent[] = [];
  const cuts = new Set([3, 20, 21, 60]); // each once: steps that are told again must not go on for ever
  for await (const event of cutOff.watch(training)) {
    watched.push(event);
    if (event.kind !== "step" || !cuts.delete(event.step.step)) continue;
    if (event.step.step === 21) late.push(collect(client.watch(training)), collect(client.watch(training)));
    proxy.cut();
  }
  t.deepEqual(watched.at(-1), { kind: "state", state: { state: "done", message: "" } });
  t.deepEqual(stepsOf(watched), range(0, 80));
  for (const other of [early, ...late, collect(client.watch(training))]) t.deepEqual(await other, watched);
});

test.serial(
  "a watcher of a trainer that is killed and comes back learns that the training was interrupted",
  async (t) => {
    const { cases, data } = t.context;
    const runs = temporaryFolder(t);
    const trainer = await trainerIn(t, runs);
    await using client = connectTrainer(trainer.address);
    const training = await client.start(jsonOf(oneStageRun(cases, { data: { stepsPerEpoch: 10 } })), data.address);
    const watched: WatchedEvent[] = [];
    for await (const event of client.watch(training)) {
      watched.push(event);
      if (event.kind !== "step" || event.step.step !== 12) continue;
      await trainer.kill();
      await trainerIn(t, runs, "--port", trainer.address.split(":")[1] as string);
    }
    const interrupted = { state: "interrupted", message: "the trainer ended while it ran" } as const;
    t.deepEqual(watched.at(-1), { kind: "state", state: interrupted });
    const steps = stepsOf(watched);
    t.deepEqual(steps, range(0, steps.length));
    await client.resume(training);
    const resumed = await collect(client.watch(training));
    t.deepEqual(stepsOf(resumed), range(0, 80));
  },
);

test.serial(
  "a training that is resumed while a watcher is cut off takes steps again, and these are told again",
  async (t) => {
    const { cases, data } = t.context;
    const runs = temporaryFolder(t);
    const first = await trainerIn(t, runs);
    const port = first.address.split(":")[1] as string;
    await using client = connectTrainer(first.address);
    const training = await client.start(jsonOf(oneStageRun(cases, { data: ENDLESS })), data.address);
    const watched: WatchedEvent[] = [];
    let isDisturbed = false;
    for await (const event of client.watch(training)) {
      watched.push(event);
      if (isDisturbed || event.kind !== "step" || event.step.step !== 25) continue;
      isDisturbed = true;
      await first.kill();
      // At another address until it has gone on: the watcher comes back to a history that was taken up again.
      const between = await trainerIn(t, runs);
      await using other = connectTrainer(between.address);
      await other.resume(training);
      for await (const one of other.watch(training)) if (one.kind === "step" && one.step.step === 40) break;
      await other.stop(training);
      await between.end();
      await trainerIn(t, runs, "--port", port);
    }
    t.deepEqual(watched.at(-1), { kind: "state", state: { state: "stopped", message: "" } });
    const steps = stepsOf(watched);
    const again = steps.findIndex((step, index) => index > 0 && step !== (steps[index - 1] as number) + 1);
    const from = steps[again] as number;
    t.is(from % ENDLESS.stepsPerEpoch, 0, "it goes on from a checkpoint, at the end of an epoch");
    t.true(from <= again, "what was not taken before is not left out");
    t.deepEqual(steps, [...range(0, again), ...range(from, from + steps.length - again)]);
  },
);

test.serial(
  "a trainer that does not come back is UNAVAILABLE after the deadline, one that was never there at once",
  async (t) => {
    const { cases, data } = t.context;
    const trainer = await trainerIn(t, temporaryFolder(t));
    const { address } = trainer;
    await using starting = connectTrainer(address);
    await using client = connectTrainer(address, { deadlineMs: 1_000 });
    const training = await starting.start(jsonOf(oneStageRun(cases, { data: ENDLESS })), data.address);
    const watching = async () => {
      for await (const event of client.watch(training)) if (event.kind === "step") await trainer.kill();
    };
    await t.throwsAsync(watching, { code: "UNAVAILABLE" });
    await using stranger = connectTrainer(address);
    await t.throwsAsync(collect(stranger.watch(training)), { code: "UNAVAILABLE", message: new RegExp(address) });
  },
);

test.serial("a watcher that leaves, or whose signal aborts, stops nothing", async (t) => {
  const { cases, data, trainer } = t.context;
  await using client = connectTrainer(trainer.address);
  const training = await client.start(jsonOf(oneStageRun(cases)), data.address);
  for await (const event of client.watch(training)) if (event.kind === "step") break;
  const leaving = new AbortController();
  const watching = async () => {
    for await (const event of client.watch(training, { signal: leaving.signal }))
      if (event.kind === "step") leaving.abort(new Error("enough"));
  };
  await t.throwsAsync(watching, { message: "enough" });
  t.deepEqual((await collect(client.watch(training))).at(-1), {
    kind: "state",
    state: { state: "done", message: "" },
  });
});
