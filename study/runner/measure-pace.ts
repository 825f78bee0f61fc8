import { voxelCount } from "../../plan/index.js";
import { openTrainingEngine, parseTrainingSpec, stepFlops } from "../../trainer/index.js";
import type { Pace } from "../spec/estimate.js";
import type { PreparedRun } from "./prepare-runs.js";

/**
 * The pace of each network on this machine, from one step at its plan's patch after one that warms up. `threads`: CPU threads that a run will
 * have. Throws ENGINE_MISSING.
 */
export async function measurePace(runs: readonly PreparedRun[], threads: number): Promise<Pace> {
  const secondsPerOperation = new Map<string, number>();
  for (const run of runs) {
    const { network: name } = run.point;
    if (!secondsPerOperation.has(name)) secondsPerOperation.set(name, await secondsOfOperation(run, threads));
  }
  return { source: "step", secondsPerOperation };
}

async function secondsOfOperation({ spec, network, document }: PreparedRun, threads: number): Promise<number> {
  const settings = parseTrainingSpec(document.training);
  const engine = await openTrainingEngine(settings.engine, () => undefined);
  await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads });
  const { patchSize, batchSize } = spec.plan;
  const voxels = batchSize * voxelCount(patchSize);
  const image = new Float32Array(voxels * network.inputChannels);
  const batch = { image, label: new Uint8Array(voxels), batchSize, patchSize };
  await model.step(batch, settings);
  const began = performance.now();
  await model.step(batch, settings);
  return (performance.now() - began) / 1000 / stepFlops(network, { patchSize, batchSize });
}
