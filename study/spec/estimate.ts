import { type ResolvedSpec, stepOfEpoch, stepOfStage, type Zyx } from "../../plan/index.js";
import { type NetworkDescription, stepFlops } from "../../trainer/index.js";
import type { RunResult } from "../run-result.js";

/** A training step is a forward pass and twice as much again; a validation step and a window are a forward pass. */
const FORWARD_OF_A_STEP = 1 / 3;

/** Operations of one run. */
export interface RunCost {
  /** Of its training steps. */
  readonly training: number;
  /** Of its validation batches, and of the windows of its held-out cases. */
  readonly forward: number;
}

/** What a run costs, counted as `patchstream model` does. `shapes`: stored sizes (Z,Y,X) of its held-out cases. */
export function costOf(spec: ResolvedSpec, network: NetworkDescription, shapes: readonly Zyx[]): RunCost {
  const steps = stepOfEpoch(spec, spec.epochs);
  const training = spec.stages.reduce((sum, stage, index) => {
    const ofStage =
      spec.stageOrder === "random"
        ? steps / spec.stages.length
        : stepOfStage(spec, index + 1) - stepOfStage(spec, index);
    return sum + ofStage * stepFlops(network, stage);
  }, 0);
  const { patchSize, batchSize } = spec.plan;
  const validation = Math.min(spec.epochs, steps) * spec.valSteps * stepFlops(network, { patchSize, batchSize });
  const mirrors = new Set(spec.augmentation.flatMap((one) => (one.kind === "mirror" ? one.axes : []))).size;
  const windows = shapes.reduce((sum, shape) => sum + windowCount(shape, patchSize), 0);
  const evaluation = windows * 2 ** mirrors * stepFlops(network, { patchSize, batchSize: 1 });
  return { training, forward: FORWARD_OF_A_STEP * (validation + evaluation) };
}

/** Windows of half a patch's step (nnU-Net's sliding window). */
function windowCount(shape: Zyx, patchSize: Zyx): number {
  return shape.reduce((product, size, axis) => {
    const patch = patchSize[axis] as number;
    return product * (size <= patch ? 1 : Math.ceil((size - patch) / (patch / 2)) + 1);
  }, 1);
}

/** Where the seconds of an estimate come from. */
export type EstimateSource = "runs" | "step";

/** Seconds that an operation takes, by name of network, and where they were seen. */
export interface Pace {
  readonly source: EstimateSource;
  readonly secondsPerOperation: ReadonlyMap<string, number>;
}

/**
 * The pace of runs that are done: of each network, or of all of them for a network that has none. Undefined before there is one.
 */
export function paceOfRuns(
  done: readonly { readonly result: RunResult; readonly cost: RunCost }[],
  networks: readonly string[],
): Pace | undefined {
  const finished = done.filter(({ result }) => result.outcome === "finished" && result.trainingSeconds > 0);
  if (finished.length === 0) return undefined;
  const paceOf = (runs: typeof finished) =>
    runs.reduce((sum, { result }) => sum + result.trainingSeconds, 0) /
    runs.reduce((sum, { cost }) => sum + cost.training, 0);
  const byNetwork = networks.map((network): [string, number] => {
    const own = finished.filter(({ result }) => result.point.network === network);
    return [network, paceOf(own.length > 0 ? own : finished)];
  });
  return { source: "runs", secondsPerOperation: new Map(byNetwork) };
}

/** Seconds that a run takes at a pace; undefined for a network without one. */
export function secondsOf(
  { training, forward }: RunCost,
  network: string,
  { secondsPerOperation }: Pace,
): number | undefined {
  const each = secondsPerOperation.get(network);
  return each === undefined ? undefined : each * (training + forward);
}
