/**
 * `node dist/benchmarks/how-long-is-a-training-step/measure.js [ENGINE]`: one optimiser step on batches already in memory, at
 * every stage of two curricula of the Hippocampus plan at batch 2, base 8, with one and two threads in turn. Processor time
 * (all threads together) is what a busy machine leaves comparable.
 */
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { quantile } from "simple-statistics";
import { type NetworkPlan, planStages, type Stage, voxelCount } from "../../plan/index.js";
import { describeNetwork, type Model, openTrainingEngine, type TrainingBatch } from "../../trainer/index.js";

const WARM_UP = 2;
const STEPS = 7;
const THREADS = [1, 2];

const plan: NetworkPlan = { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] };
const settings = { learningRate: 0.05, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };

function noise({ batchSize, patchSize }: Stage): TrainingBatch {
  const image = Float32Array.from({ length: batchSize * voxelCount(patchSize) }, () => Math.random() - 0.5);
  const label = Uint8Array.from(image, (value) => (value > 0.3 ? 1 : value < -0.4 ? 2 : 0));
  return { image, label, batchSize, patchSize };
}

/** Wall and processor milliseconds of each of STEPS steps. */
async function measure(model: Model, batch: TrainingBatch): Promise<{ wall: number[]; processor: number[] }> {
  const wall: number[] = [];
  const processor: number[] = [];
  for (let step = -WARM_UP; step < STEPS; step++) {
    const began = performance.now();
    const used = process.cpuUsage();
    await model.step(batch, settings);
    const { user, system } = process.cpuUsage(used);
    if (step < 0) continue;
    wall.push(performance.now() - began);
    processor.push((user + system) / 1000);
  }
  return { wall, processor };
}

function cells({ wall, processor }: { wall: number[]; processor: number[] }): string {
  const spread = [0.5, 0.05, 0.95].map((share) => quantile(wall, share).toFixed(0));
  return [...spread, quantile(processor, 0.5).toFixed(0)].join(" | ");
}

const engine = await openTrainingEngine(process.argv[2] ?? "auto", (notice) => console.error(notice));
const network = describeNetwork(plan, { channels: 1, classes: 3, baseFeatures: 8 });
const heads = THREADS.map((threads) => `${threads} threads: median ms | p5 | p95 | processor ms`);
console.log(`Engine ${engine.name}, ${STEPS} steps each after ${WARM_UP} to warm up.`);
for (const mode of ["performance", "efficiency"] as const) {
  console.log(`\n${mode}\n\n| patch | batch | ${heads.join(" | ")} | load |`);
  console.log(`|---|---|${"---|---|---|---|".repeat(THREADS.length)}---|`);
  const options = { plan, epochs: 1000, foregroundFraction: 0.5, budgetFraction: 1, rounding: "floor" } as const;
  for (const stage of planStages(mode, options)) {
    const figures: string[] = [];
    for (const threads of THREADS) {
      await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads });
      figures.push(cells(await measure(model, noise(stage))));
    }
    const load = loadavg()[0]?.toFixed(1);
    console.log(`| ${stage.patchSize.join("x")} | ${stage.batchSize} | ${figures.join(" | ")} | ${load} |`);
  }
}
