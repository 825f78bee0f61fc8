import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../../benchmarks/machine.js";
import { writeResults } from "../../benchmarks/results.js";
import { connectTrainer } from "../../trainer/index.js";
import { seeded } from "../conformance/seeded.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { FAULT_RUN } from "../faults/small-run.js";
import { openRelay } from "../faults/wire/relay.js";
import { type Process, serving, temporaryFolder, tinyRun, trainerIn } from "../trainer/processes.js";
import { childrenOf, processSize } from "./process-sizes.js";
import type { Reading } from "./reader.js";
import { describeGrowth, type Sample } from "./report.js";

/**
 * `npm run soak -- [--minutes N] [--seed N] [--publish]`: two data servers, a client that reads a run again and again, and a training, for so
 * long. Every few seconds connections are reset or cut, one of the servers is restarted, or a stage is changed. Says how the processes
 * grew; ends with 1 where a batch was wrong, or the training or the client did not go on.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    publish: { type: "boolean", default: false },
  },
});
const hours = Number(values.minutes) / 60;
if (!(hours > 0)) throw new Error(`--minutes is ${values.minutes}; it must be a number above 0`);

const READER = fileURLToPath(new URL("reader.js", import.meta.url));
const LIVE_MEMORY = new URL("live-memory.js", import.meta.url).href;
const DISTURB_MS = 5_000;
const CUT_MS = 2_000;
const SAMPLE_MS = 1_000;
const TRAINING_STAGES = 4;

const ends: (() => unknown)[] = [];
const scope = { teardown: (end: () => unknown) => void ends.push(end) };
const over = new AbortController();
const random = seeded(Number(values.seed));
const counts = new Map<string, number>();
const count = (what: string, by = 1) => void counts.set(what, (counts.get(what) ?? 0) + by);
const wrong: string[] = [];

const folder = temporaryFolder(scope);
const live = temporaryFolder(scope);
process.env.SOAK_LIVE = live;
process.env.NODE_OPTIONS = `--expose-gc --import=${LIVE_MEMORY}`;
const store = await makeSampleStore(folder);
const serve = (...ports: string[]) =>
  serving(scope, "serve", store, "--workers", "1", "--log-level", "error", ...ports);
const portOf = (address = "") => address.slice(address.lastIndexOf(":") + 1);

async function goOn(): Promise<void> {
  const wire = await openRelay(2);
  scope.teardown(() => wire[Symbol.asyncDispose]());
  const steady = await serve();
  let restarted = await serve();
  const ports = ["--port", portOf(restarted.address), "--lane-port", portOf(restarted.lane)];
  const reach = (index: number, { address, lane }: Process) =>
    wire.reach(index, { port: Number(portOf(address)), lanePort: Number(portOf(lane)) });
  const addresses = [await reach(0, steady), await reach(1, restarted)];

  const reader = spawn(process.execPath, [READER, steady.address, ...addresses], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const readerEnded = once(reader, "close").then(([code, signal]) => {
    if (!over.signal.aborted) wrong.push(`the client ended by itself with ${code ?? signal}`);
    over.abort();
  });
  scope.teardown(async () => {
    reader.kill();
    await readerEnded;
  });
  const lines = createInterface(reader.stdout);
  lines.on("line", (line) => {
    const reading = JSON.parse(line) as Reading;
    count("readings of the client");
    count("batches of the client", reading.batches);
    count("stage changes of the client", reading.stageChanges);
    wrong.push(...reading.wrong.map((what) => `reading ${reading.reading}: ${what}`));
  });
  await once(lines, "line"); // its first readings were undisturbed

  const served = await trainerIn(scope, join(folder, "runs"));
  await using trainer = connectTrainer(served.address);
  const { train, val } = FAULT_RUN.split;
  const run = tinyRun([...train, ...val], { data: { epochs: 10_000, stepsPerEpoch: 100 } });
  const training = await trainer.start(Buffer.from(JSON.stringify(run)), addresses);
  let step = -1;
  const watching = (async () => {
    for await (const event of trainer.watch(training, { signal: over.signal })) {
      if (event.kind === "step" && event.step.step !== ++step)
        wrong.push(`the training took step ${event.step.step} in place of ${step}`);
      if (event.kind === "state" && event.state.state !== "running" && event.state.state !== "queued")
        wrong.push(`the training is ${event.state.state}: ${event.state.message}`);
    }
  })().catch((error: unknown) => {
    if (!over.signal.aborted) wrong.push(`the training could not be watched: ${error}`);
  });

  const samples = new Map<string, Sample[]>();
  const beganMs = performance.now();
  const passedHours = () => (performance.now() - beganMs) / 3.6e6;
  const sample = () => {
    const pids = {
      "data server": steady.pid,
      client: reader.pid,
      "trainer, service": served.pid,
      "trainer, training": childrenOf(served.pid)[0],
    };
    for (const [name, pid] of Object.entries(pids)) {
      const size = pid === undefined ? undefined : processSize(pid, live);
      const former = samples.get(name) ?? [];
      samples.set(name, former);
      if (size !== undefined) former.push({ hours: passedHours(), ...size });
    }
  };
  const sampling = setInterval(sample, SAMPLE_MS);
  scope.teardown(() => clearInterval(sampling));

  const disturb: Readonly<Record<string, () => Promise<unknown>>> = {
    "connections of one server reset": () => wire.strike(Math.floor(2 * random()), { kind: "reset" }),
    async "connections of one server cut for 2 s"() {
      const mend = await wire.strike(Math.floor(2 * random()), { kind: "partition", way: "both", forMs: CUT_MS });
      await pause(CUT_MS);
      await mend();
    },
    async "server restarts after SIGTERM"() {
      await restarted.end();
      restarted = await serve(...ports);
    },
    async "server restarts after SIGKILL"() {
      await restarted.kill();
      restarted = await serve(...ports);
    },
    "stage changes of the training": () =>
      trainer.setStage(training, { stage: Math.floor(TRAINING_STAGES * random()), hold: true }),
  };
  const kinds = Object.keys(disturb);
  while (passedHours() < hours && !over.signal.aborted) {
    const kind = kinds[Math.floor(kinds.length * random())] as string;
    await disturb[kind]?.();
    count(kind);
    console.error(`${(60 * passedHours()).toFixed(1)} min: ${kind}; the training is at step ${step}`);
    await pause(DISTURB_MS);
  }
  count("steps of the training", step + 1);
  over.abort();
  await watching;

  const [readings = 0, steps = 0] = ["readings of the client", "steps of the training"].map((name) => counts.get(name));
  if (readings < 2 || steps === 0) wrong.push(`the client read ${readings} times, the training took ${steps} steps`);
  const done = [...counts].map(([name, times]) => `${times} ${name}`).join(", ");
  const said = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const command = `npm run soak -- --minutes ${values.minutes} --seed ${values.seed}`;
  const report = [
    `\`${command}\`: ${done}; wrong: ${wrong.length || "none"}; ${said.join("; ")}.`,
    "",
    describeGrowth(samples, passedHours()),
  ].join("\n");
  console.log(report);
  for (const line of wrong) console.log(line);
  if (values.publish) await writeResults("soak", report);
}

try {
  await goOn();
} finally {
  over.abort();
  for (const end of ends.reverse()) await end();
}
process.exitCode = wrong.length > 0 ? 1 : 0;
