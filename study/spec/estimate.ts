import { type ResolvedSpec, stepOfEpoch, stepOfStage, type Zyx } from "../../plan/index.js";
import { type NetworkDescription, stepFlops } from "../../trainer/index.js";
import type { RunResult } from "../run-result.js";

/** A training step is a forward pass and twice as much again; a validation step and a window are a forward pass. */
export const FORWARD_OF_A_STEP = 1 / 3;

/** The training steps of one stage of a run. */
export interface StageCost {
  readonly steps: number;
  /** Of one of them. */
  readonly operations: number;
}

/** What one run does. */
export interface RunCost {
  /** By number of stage. */
  readonly stages: readonly StageCost[];
  /** Operations of its validation batches, and of the windows of its held-out cases. */
  readonly forward: number;
}

/** Operations of a run's training steps. */
export function trainingOperations({ stages }: Pick<RunCost, "stages">): number {
  return stages.reduce((sum, { steps, operations }) => sum + steps * operations, 0);
}

/** What a run costs, counted as `patchstream model` does. `shapes`: stored sizes (Z,Y,X) of its held-out cases. */
export function costOf(spec: ResolvedSpec, network: NetworkDescription, shapes: readonly Zyx[]): RunCost {
  const steps = stepOfEpoch(spec, spec.epochs);
  const stages = spec.stages.map((stage, index) => ({
    steps:
      spec.stageOrder === "random"
        ? steps / spec.stages.length
        : stepOfStage(spec, index + 1) - stepOfStage(spec, index),
    operations: stepFlops(network, stage),
  }));
  const { patchSize, batchSize } = spec.plan;
  const validation = Math.min(spec.epochs, steps) * spec.valSteps * stepFlops(network, { patchSize, batchSize });
  const mirrors = new Set(spec.augmentation.flatMap((one) => (one.kind === "mirror" ? one.axes : []))).size;
  const windows = shapes.reduce((sum, shape) => sum + windowCount(shape, patchSize), 0);
  const evaluation = windows * 2 ** mirrors * stepFlops(network, { patchSize, batchSize: 1 });
  return { stages, forward: FORWARD_OF_A_STEP * (validation + evaluation) };
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

/** How long a network takes. */
export interface NetworkPace {
  /** Seconds of a training step whatever its size: of small patches the largest part. */
  readonly stepSeconds: number;
  /** What each of its operations adds to them. */
  readonly secondsPerOperation: number;
  /** Of validation and of the evaluation of held-out cases, in seconds an operation. */
  readonly forwardSecondsPerOperation: number;
}

/** How long networks take, by name, and where that was seen. */
export interface Pace {
  readonly source: EstimateSource;
  readonly networks: ReadonlyMap<string, NetworkPace>;
}

/** Steps of one size, as they went. */
export interface MeasuredSteps extends StageCost {
  /** Of one of them, waiting included. */
  readonly seconds: number;
}

/**
 * Seconds of a step by its operations: the straight line nearest to what was measured, each size counting by its steps. Where all have one size, or
 * larger steps took less, all is put on the operations.
 */
export function stepLine(measured: readonly MeasuredSteps[]): Pick<NetworkPace, "stepSeconds" | "secondsPerOperation"> {
  const sum = (of: (one: MeasuredSteps) => number) => measured.reduce((total, one) => total + one.steps * of(one), 0);
  const steps = sum(() => 1);
  const [operations, seconds] = [sum((one) => one.operations) / steps, sum((one) => one.seconds) / steps];
  const spread = sum((one) => (one.operations - operations) ** 2);
  const slope = sum((one) => (one.operations - operations) * (one.seconds - seconds)) / spread;
  const stepSeconds = seconds - slope * operations;
  if (slope > 0 && stepSeconds > 0) return { stepSeconds, secondsPerOperation: slope };
  return { stepSeconds: 0, secondsPerOperation: seconds / operations };
}

/** A run that is done, and what it was counted to cost. */
export interface DoneRun {
  readonly result: RunResult;
  readonly cost: RunCost;
}

/**
 * The pace of runs that are done: of each network, or of all of them for a network that has none. Undefined before there is one.
 */
export function paceOfRuns(done: readonly DoneRun[], networks: readonly string[]): Pace | undefined {
  const finished = done.filter(({ result }) => result.outcome === "finished" && result.trainingSeconds > 0);
  if (finished.length === 0) return undefined;
  const byNetwork = networks.map((network): [string, NetworkPace] => {
    const own = finished.filter(({ result }) => result.point.network === network);
    return [network, paceOf(own.length > 0 ? own : finished)];
  });
  return { source: "runs", networks: new Map(byNetwork) };
}

function paceOf(runs: readonly DoneRun[]): NetworkPace {
  const line = stepLine(runs.flatMap(measuredSteps));
  const told = runs.filter(({ result, cost }) => result.forwardSeconds !== undefined && cost.forward > 0);
  const forward = told.reduce((sum, { cost }) => sum + cost.forward, 0);
  const seconds = told.reduce((sum, { result }) => sum + (result.forwardSeconds ?? 0), 0);
  return { ...line, forwardSecondsPerOperation: forward > 0 ? seconds / forward : line.secondsPerOperation };
}

function measuredSteps({ result, cost }: DoneRun): MeasuredSteps[] {
  return result.stages.flatMap(({ stage, steps, stepSeconds, waitingSeconds }) => {
    const operations = cost.stages[stage]?.operations;
    return operations === undefined ? [] : [{ steps, operations, seconds: (stepSeconds + waitingSeconds) / steps }];
  });
}

/** Seconds that a run takes at a pace, and those of its training; undefined for a network without one. */
export function secondsOf(
  { stages, forward }: RunCost,
  network: string,
  { networks }: Pace,
): { readonly training: number; readonly whole: number } | undefined {
  const pace = networks.get(network);
  if (pace === undefined) return undefined;
  const { stepSeconds, secondsPerOperation, forwardSecondsPerOperation } = pace;
  const training = stages.reduce(
    (sum, { steps, operations }) => sum + steps * (stepSeconds + secondsPerOperation * operations),
    0,
  );
  return { training, whole: training + forwardSecondsPerOperation * forward };
}
