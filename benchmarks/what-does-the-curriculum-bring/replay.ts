/**
 * `node replay.js ADDRESS JOB_JSON`: takes the steps of a training on batches that are in memory already, a few of each stage over and over; prints
 * the seconds from the end of the first step to the end of the last.
 */
import { performance } from "node:perf_hooks";
import { connect, type DataSpecInput, type RunStage } from "../../client/index.js";
import { describeNetwork, openTrainingEngine, type TrainingBatch } from "../../trainer/index.js";

/** Batches of a stage that lie in memory. */
const KEPT = 3;

const SETTINGS = { learningRate: 0.1, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };

export interface ReplayJob {
  readonly data: DataSpecInput;
  readonly baseFeatures: number;
  readonly classes: number;
  /** Steps that the training took in each stage that it came to. */
  readonly steps: readonly { readonly stage: number; readonly steps: number }[];
}

const [address, json] = process.argv.slice(2) as [string, string];
const job = JSON.parse(json) as ReplayJob;
await using client = await connect(address);
await using run = await client.openRun(job.data);
const { spec, channels, train } = run.info;
const kept: TrainingBatch[][] = [];
for (const { stage, steps } of job.steps) {
  const { firstStep: from = 0, patchSize, batchSize } = train.stages[stage] as RunStage;
  const batches: TrainingBatch[] = [];
  for await (const { image, label } of run.batches({ from, to: from + Math.min(KEPT, steps) }))
    batches.push({ image: image.data, label: Uint8Array.from(label.data), patchSize, batchSize });
  kept.push(batches);
}

const network = describeNetwork(spec.plan, { channels, classes: job.classes, baseFeatures: job.baseFeatures });
const engine = await openTrainingEngine("onnx", () => undefined);
await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1 });
let firstEnded: number | undefined;
for (const [index, { steps }] of job.steps.entries()) {
  const batches = kept[index] ?? [];
  for (let step = 0; step < steps; step++) {
    await model.step(batches[step % batches.length] as TrainingBatch, SETTINGS);
    firstEnded ??= performance.now();
  }
}
console.log(JSON.stringify({ seconds: (performance.now() - (firstEnded ?? 0)) / 1000 }));
