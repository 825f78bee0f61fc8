import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { methodOf } from "../../../rpc/index.js";
import { connectTrainer } from "../../../trainer/index.js";
import { temporaryFolder, trainerIn } from "../processes.js";

const STEPS = 60_000;

const step = (number: number) => ({
  kind: "step",
  step: {
    ...{ step: number, stage: 1, epoch: Math.floor(number / 250), loss: 0.123456789012, crossEntropy: 0.123456789012 },
    ...{ dice: 0.123456789012, gradientNorm: 1.23456789, learningRate: 0.00987654321, waitedMs: 1.234567 },
    ...{ stepMs: 12.3456789, batchBytes: 1_000_000, checksum: 123456789 },
  },
});

/** A training that is done, with a history of about 15 MiB. */
function longTraining(runs: string, id: string): void {
  const folder = join(runs, id);
  mkdirSync(folder);
  const run = { data: { dataset: "D" } };
  writeFileSync(join(folder, "run.json"), JSON.stringify({ data: ["localhost:1"], run }));
  const file = join(folder, "events.jsonl");
  const lines = Array.from({ length: STEPS }, (_, number) => `${JSON.stringify(step(number))}\n`);
  writeFileSync(file, lines.join(""));
  const state = { state: "TRAINING_STATE_DONE", message: "" };
  appendFileSync(file, `${JSON.stringify({ kind: "state", state })}\n`);
}

/** The most memory that a process ever had, in bytes. */
function mostMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
}

async function readAll(address: string, training: string): Promise<number> {
  await using client = connectTrainer(address);
  let steps = 0;
  for await (const event of client.watch(training)) if (event.kind === "step") steps++;
  return steps;
}

/** Watchers that take one event and read no more, each over a connection of its own with gRPC's own small window, until the test ends. */
async function slowWatchers(t: ExecutionContext, address: string, training: string, count: number): Promise<void> {
  const { path, encodeRequest, decodeResponse } = methodOf("TrainerService", "watchTraining");
  for (let watcher = 0; watcher < count; watcher++) {
    const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    t.teardown(() => client.close());
    const call = client.makeServerStreamRequest(
      path,
      (bytes: Buffer) => bytes,
      decodeResponse,
      encodeRequest({ training, inShort: false }),
    );
    call.on("error", () => undefined);
    const [event] = await once(call, "data");
    call.pause();
    t.is(event.kind, "step");
  }
}

const onLinux = existsSync("/proc/self/status") ? test : test.skip;

onLinux(
  "watchers that read slowly, late or all at once cost the trainer no memory that grows with the history",
  async (t) => {
    const runs = temporaryFolder(t);
    for (const id of ["first", "long"]) longTraining(runs, id);
    const trainer = await trainerIn(t, runs);
    t.is(await readAll(trainer.address, "first"), STEPS);
    const before = mostMemory(trainer.pid);
    await slowWatchers(t, trainer.address, "long", 20);
    t.is(await readAll(trainer.address, "long"), STEPS);
    const grown = mostMemory(trainer.pid) - before;
    t.log(`${Math.round(grown / 2 ** 20)} MiB more`);
    // Twenty histories held for those who do not read would be 300 MiB as text, and more as objects.
    t.true(grown < 100 << 20, `${Math.round(grown / 2 ** 20)} MiB more`);
  },
);
