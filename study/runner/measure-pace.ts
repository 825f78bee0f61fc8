import { type Stage, voxelCount } from "../../plan/index.js";
import { openTrainingEngine, parseTrainingSpec, stepFlops, type TrainingBatch } from "../../trainer/index.js";
import { FORWARD_OF_A_STEP, type MeasuredSteps, type NetworkPace, type Pace, stepLine } from "../spec/estimate.js";
import type { PreparedRun } from "./prepare-runs.js";

/**
 * The pace of each network on this machine, from one step at its plan's patch and one at the smallest patch of its runs, each after one that
 * warms up, and a forward pass. `threads`: CPU threads that a run will have. Throws ENGINE_MISSING.
 */
export async function measurePace(runs: readonly PreparedRun[], threads: number): Promise<Pace> {
  const networks = new Map<string, NetworkPace>();
  for (const run of runs) {
    const { network: name } = run.point;
    if (networks.has(name)) continue;
    networks.set(name, await paceOf(run, smallestOf(runs.filter(({ point }) => point.network === name)), threads));
  }
  return { source: "step", networks };
}

type Size = Pick<Stage, "patchSize" | "batchSize">;

/** The smallest of the stages of runs. */
function smallestOf(runs: readonly PreparedRun[]): Size {
  const voxels = ({ patchSize, batchSize }: Size) => batchSize * voxelCount(patchSize);
  const stages = runs.flatMap(({ spec }) => spec.stages);
  return stages.reduce((least, stage) => (voxels(stage) < voxels(least) ? stage : least));
}

async function paceOf({ spec, network, document }: PreparedRun, smallest: Size, threads: number): Promise<NetworkPace> {
  const settings = parseTrainingSpec(document.training);
  const engine = await openTrainingEngine(settings.engine, () => undefined);
  await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads });
  const operationsOf = (size: Size) => stepFlops(network, size);
  const measured: MeasuredSteps[] = [];
  for (const size of [smallest, spec.plan]) {
    const batch = emptyBatch(size, network.inputChannels);
    const seconds = await secondsOfSecond(() => model.step(batch, settings));
    measured.push({ steps: 1, operations: operationsOf(size), seconds });
  }
  const { image, batchSize, patchSize } = emptyBatch(spec.plan, network.inputChannels);
  const forwardSeconds = await secondsOfSecond(() => model.predict(image, batchSize, patchSize));
  const forward = FORWARD_OF_A_STEP * operationsOf(spec.plan);
  return { ...stepLine(measured), forwardSecondsPerOperation: forwardSeconds / forward };
}

function emptyBatch({ patchSize, batchSize }: Size, channels: number): TrainingBatch {
  const voxels = batchSize * voxelCount(patchSize);
  return { image: new Float32Array(voxels * channels), label: new Uint8Array(voxels), batchSize, patchSize };
}

/** Of the second call: the first one of a size builds what it needs. */
async function secondsOfSecond(work: () => Promise<unknown>): Promise<number> {
  await work();
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
