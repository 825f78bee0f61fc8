/**
 * `node dist/benchmarks/what-does-a-random-stage-cost/run.js`: steps of a training whose every step draws its stage (RPSS, 14 patches
 * of the Hippocampus plan, batch 2) beside the same steps with each patch by itself, over the wire and with the real engine, under
 * three budgets of memory for sessions. Processor time of engine and client, sessions that are made included. Writes its table to
 * RESULTS.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "simple-statistics";
import { type Batch, connect, type DataClient, type DataSpecInput, labelClasses } from "../../client/index.js";
import { ingest } from "../../loader/index.js";
import type { Stage } from "../../plan/index.js";
import { describeNetwork, type Model, openTrainingEngine } from "../../trainer/index.js";
import { startServer } from "../child.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";

const PLAN = { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] } as const;
const SETTINGS = { learningRate: 0.01, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };
const BASE_FEATURES = 8;
const STEPS = 168;
const ALONE_STEPS = 8;
/** Where a stage's session is made, and one more. */
const ALONE_WARM_UP = 2;
const MIB = 2 ** 20;

interface StepCost {
  readonly stage: number;
  readonly processorMs: number;
}

async function stepOn(model: Model, { image, label, patchSize, globalBatch: batchSize }: Batch): Promise<void> {
  await model.step({ image: image.data, label: labelClasses(label), batchSize, patchSize }, SETTINGS);
}

/** Processor time of each step of a run, from one batch to the next. */
async function costs(client: DataClient, model: Model, data: DataSpecInput): Promise<StepCost[]> {
  await using run = await client.openRun(data);
  const all: StepCost[] = [];
  let used = process.cpuUsage();
  for await (using batch of run.batches()) {
    await stepOn(model, batch);
    const now = process.cpuUsage();
    all.push({ stage: batch.stage, processorMs: (now.user + now.system - used.user - used.system) / 1000 });
    used = now;
  }
  return all;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  await ingest(fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url)), store, {});
  const cli = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
  await using server = await startServer(cli, ["serve", store, "--workers", "1", "--json", "--log-level", "silent"]);
  await using client = connect(server.address);
  const engine = await openTrainingEngine("onnx", (line) => console.error(line));
  const network = describeNetwork(PLAN, { channels: 1, classes: 3, baseFeatures: BASE_FEATURES });
  const modelWith = (keptBytes: number) =>
    engine.createModel(network, { seed: 1, batchDice: false, threads: 1, keptBytes });
  const data: DataSpecInput = {
    dataset: "Task04_Hippocampus",
    plan: PLAN,
    split: { fold: "all" },
    augmentation: "none",
    epochs: 1,
  };

  const { spec } = await client.describeRun({ ...data, mode: "rpss", epochs: 14 });
  const alone: number[] = [];
  for (const { patchSize, batchSize } of spec.stages as readonly Stage[]) {
    await using model = await modelWith(0);
    const measured = await costs(client, model, {
      ...data,
      stages: [{ patchSize, batchSize }],
      stepsPerEpoch: ALONE_STEPS,
    });
    alone.push(median(measured.slice(ALONE_WARM_UP).map(({ processorMs }) => processorMs)));
    console.error(`${patchSize.join("x")} by itself: ${alone.at(-1)?.toFixed(0)} ms`);
  }
  const ratio = (steps: readonly StepCost[]) =>
    steps.reduce((sum, { processorMs }) => sum + processorMs, 0) /
    steps.reduce((sum, { stage }) => sum + (alone[stage] as number), 0);
  const rows: string[] = [];
  for (const [what, keptBytes] of [
    ["a quarter of the machine's (the default)", totalmem() / 4],
    ["1 GiB", 1024 * MIB],
    ["256 MiB", 256 * MIB],
  ] as const) {
    await using model = await modelWith(keptBytes);
    const epochs = spec.stages.length;
    const steps = await costs(client, model, { ...data, mode: "rpss", epochs, stepsPerEpoch: STEPS / epochs });
    const parts = [steps, steps.slice(0, STEPS / 3), steps.slice((2 * STEPS) / 3)].map((part) =>
      ratio(part).toFixed(2),
    );
    rows.push(`| ${[what, ...parts].join(" | ")} |`);
    console.error(rows.at(-1));
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`run.js\` (${STEPS} steps, base ${BASE_FEATURES}, one thread), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    `| memory that sessions may keep | all ${STEPS} steps | the first third | the last third |`,
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("what-does-a-random-stage-cost", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
