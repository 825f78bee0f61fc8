/**
 * `node replay.js ADDRESS JOB_JSON`: takes the steps of a training on batches that are in memory already, a few of each stage over and over; prints
 * how long each step took.
 */
import { performance } from "node:perf_hooks";
import { connect, type DataSpecInput } from "../../client/index.js";
import { scheduledStageOf, stageOf } from "../../plan/index.js";
import { describeNetwork, openTrainingEngine, type TrainingBatch } from "../../trainer/index.js";
import type { Subject } from "./subject.js";

/** Batches of a stage that lie in memory. */
const KEPT = 3;

export interface ReplayJob {
  readonly data: DataSpecInput;
  readonly subject: Subject;
  readonly classes: number;
}

/** A step, with what came between the end of the one before and its own end. */
export interface TimedStep {
  readonly stage: number;
  readonly ms: number;
  /** Of `ms`, for which it waited for its batch. */
  readonly waitedMs: number;
  /** Processor time of all processes and threads that have a part in it. */
  readonly processorMs: number;
}

export interface Replayed {
  readonly steps: readonly TimedStep[];
}

const [address, json] = process.argv.slice(2) as [string, string];
const job = JSON.parse(json) as ReplayJob;
await using client = await connect(address);
await using run = await client.openRun(job.data);
const { spec, channels, train } = run.info;
const stages = Array.from({ length: train.steps }, (_, step) => scheduledStageOf(spec, "train", step));
const kept = new Map<number, TrainingBatch[]>();
for (const [step, stage] of stages.entries()) {
  const batches = kept.get(stage) ?? [];
  kept.set(stage, batches);
  if (batches.length === KEPT) continue;
  const { patchSize, batchSize } = stageOf(spec, "train", stage);
  for await (const { image, label } of run.batches({ from: step, to: step + 1 }))
    batches.push({ image: image.data, label: Uint8Array.from(label.data), patchSize, batchSize });
}

const { network: name, baseFeatures, settings } = job.subject;
const network = describeNetwork(spec.plan, { channels, classes: job.classes, network: name, baseFeatures });
const engine = await openTrainingEngine("onnx", () => undefined);
await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1 });
const steps: TimedStep[] = [];
let ended = performance.now();
let used = process.cpuUsage();
for (const [step, stage] of stages.entries()) {
  const batches = kept.get(stage) ?? [];
  await model.step(batches[step % batches.length] as TrainingBatch, settings);
  const { user, system } = process.cpuUsage(used);
  used = process.cpuUsage();
  const began = ended;
  ended = performance.now();
  steps.push({ stage, ms: ended - began, waitedMs: 0, processorMs: (user + system) / 1000 });
}
const replayed: Replayed = { steps };
console.log(JSON.stringify(replayed));
