/**
 * `PYTHON=... node dist/benchmarks/how-fast-is-a-training-step-beside-pytorch/run.js [THREADS [NETWORK | EDGE ...]]`: training steps of the four
 * networks in their usual sizes, ours and PyTorch's in turn in one run on one processor, at 32^3 (batch 2) and 64^3 (batch 1), on
 * batches already in memory; a network or an edge (32, 64) as a word measures that alone. Processor time (of all threads) is what a busy machine leaves comparable. Writes its table to RESULTS.md where all is
 * measured.
 */
import { performance } from "node:perf_hooks";
import { quantile } from "simple-statistics";
import { voxelCount, type Zyx } from "../../plan/index.js";
import {
  describeNetwork,
  type Model,
  NETWORKS,
  type NetworkName,
  openTrainingEngine,
  reportModel,
  type TrainingBatch,
} from "../../trainer/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { type Timed, TorchProcess } from "./torch-process.js";

const WARM_UP = 1;
const ROUNDS = 5;
const CLASSES = 3;
const FEATURES = [32, 64, 128, 256, 320];
const BLOCKS = [1, 3, 4, 6, 6];
const SIZES = [
  { batchSize: 2, patchSize: [32, 32, 32] },
  { batchSize: 1, patchSize: [64, 64, 64] },
] as const;
const SETTINGS = { learningRate: 0.01, momentum: 0.99, weightDecay: 3e-5, gradientClip: 12 };

function noise(batchSize: number, patchSize: Zyx): TrainingBatch {
  const image = Float32Array.from({ length: batchSize * voxelCount(patchSize) }, () => Math.random() - 0.5);
  const label = Uint8Array.from(image, () => Math.floor(Math.random() * CLASSES));
  return { image, label, batchSize, patchSize };
}

async function timed(model: Model, batch: TrainingBatch): Promise<Timed> {
  const began = performance.now();
  const used = process.cpuUsage();
  await model.step(batch, SETTINGS);
  const { user, system } = process.cpuUsage(used);
  return { wallMs: performance.now() - began, processorMs: (user + system) / 1000 };
}

const median = (values: readonly number[]): number => quantile([...values], 0.5);

async function measure(torch: TorchProcess, name: NetworkName, size: (typeof SIZES)[number], threads: number) {
  const plan = {
    ...size,
    pooling: [4, 4, 4] as const,
    features: FEATURES,
    ...(name === "residual-unet" && { blocks: BLOCKS }),
  };
  const network = describeNetwork(plan, { channels: 1, classes: CLASSES, network: name });
  const engine = await openTrainingEngine("onnx", (line) => console.error(line));
  await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads });
  const built = await torch.build(
    { network: name, features: FEATURES, blocks: BLOCKS, classes: CLASSES, ...size },
    threads,
  );
  const { stages, parameters } = reportModel(network, [size]);
  const batch = noise(size.batchSize, size.patchSize);
  const rounds: { ours: Timed; theirs: Timed }[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const pair = { ours: await timed(model, batch), theirs: await torch.step() };
    if (round >= 0) rounds.push(pair);
  }
  const gflop = (stages[0]?.flops ?? 0) / 1e9;
  const ours = median(rounds.map((pair) => pair.ours.processorMs));
  const theirs = median(rounds.map((pair) => pair.theirs.processorMs));
  const ratios = rounds.map((pair) => pair.ours.processorMs / pair.theirs.processorMs);
  const wall = [rounds.map((pair) => pair.ours.wallMs), rounds.map((pair) => pair.theirs.wallMs)].map(median);
  const spread = [0.5, 0.05, 0.95].map((share) => quantile(ratios, share).toFixed(2));
  const cells = [
    name,
    `${(parameters / 1e6).toFixed(1)} M`,
    `${size.patchSize[0]}^3 x ${size.batchSize}`,
    gflop.toFixed(1),
    ...[ours, theirs].map((ms) => `${ms.toFixed(0)} ms, ${((1000 * gflop) / ms).toFixed(0)} GFLOP/s`),
    `${spread[0]} (${spread[1]} to ${spread[2]})`,
    wall.map((ms) => ms?.toFixed(0)).join(" / "),
  ];
  return { row: `| ${cells.join(" | ")} |`, torch: built.torch };
}

const [threadsText = "1", ...chosen] = process.argv.slice(2);
const threads = Number(threadsText);
const pick = <T>(all: readonly T[], wordOf: (one: T) => string): readonly T[] =>
  all.some((one) => chosen.includes(wordOf(one))) ? all.filter((one) => chosen.includes(wordOf(one))) : all;
const networks = pick(NETWORKS, (name) => name);
const sizes = pick(SIZES, ({ patchSize }) => `${patchSize[0]}`);
using torch = new TorchProcess(process.env.PYTHON ?? "python3");
const rows: string[] = [];
let version = "";
for (const size of sizes)
  for (const name of networks) {
    const measured = await measure(torch, name, size, threads);
    console.log(measured.row);
    rows.push(measured.row);
    version = measured.torch;
  }
const about = Object.entries({ ...machine(), torch: version }).map(([name, value]) => `${name} ${value}`);
const report = [
  `\`run.js ${threads}\`: ${threads} thread(s), medians of ${ROUNDS} rounds: ${about.join("; ")}.`,
  "",
  "| network | parameters | patch x batch | GFLOP | ours (processor) | PyTorch (processor) | ours / PyTorch: median (p5 to p95) | wall ms |",
  "|---|---|---|---|---|---|---|---|",
  ...rows,
].join("\n");
if (chosen.length === 0) await writeResults("how-fast-is-a-training-step-beside-pytorch", report);
