/**
 * `node replay.js ADDRESS JOB_JSON`: takes the steps of a training on batches that are in memory already, a few of each stage over and over; prints
 * the seconds from the end of the first step to the end of the last.
 */
import { performance } from "node:perf_hooks";
import { connect, type DataSpecInput } from "../../client/index.js";
import { describeNetwork, openTrainingEngine, type TrainingBatch } from "../../trainer/index.js";
import type { Subject } from "./subject.js";

/** Batches of a stage that lie in memory. */
const KEPT = 3;

export interface ReplayJob {
  readonly data: DataSpecInput;
  readonly subject: Subject;
  readonly classes: number;
}

export interface Replayed {
  /** From the end of the first step to the end of the last. */
  readonly seconds: number;
  /** Of all steps of each stage. */
  readonly stageSeconds: readonly number[];
}

const [address, json] = process.argv.slice(2) as [string, string];
const job = JSON.parse(json) as ReplayJob;
await using client = await connect(address);
await using run = await client.openRun(job.data);
const { spec, channels, train } = run.info;
const kept: { readonly batches: readonly TrainingBatch[]; readonly steps: number }[] = [];
for (const { firstStep: from = 0, endStep = train.steps, patchSize, batchSize } of train.stages) {
  const batches: TrainingBatch[] = [];
  for await (const { image, label } of run.batches({ from, to: Math.min(from + KEPT, endStep) }))
    batches.push({ image: image.data, label: Uint8Array.from(label.data), patchSize, batchSize });
  kept.push({ batches, steps: endStep - from });
}

const { network: name, baseFeatures, settings } = job.subject;
const network = describeNetwork(spec.plan, { channels, classes: job.classes, network: name, baseFeatures });
const engine = await openTrainingEngine("onnx", () => undefined);
await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1 });
let firstEnded: number | undefined;
const stageSeconds: number[] = [];
for (const { batches, steps } of kept) {
  const began = performance.now();
  for (let step = 0; step < steps; step++) {
    await model.step(batches[step % batches.length] as TrainingBatch, settings);
    firstEnded ??= performance.now();
  }
  stageSeconds.push((performance.now() - began) / 1000);
}
const replayed: Replayed = { seconds: (performance.now() - (firstEnded ?? 0)) / 1000, stageSeconds };
console.log(JSON.stringify(replayed));
