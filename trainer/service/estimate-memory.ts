import type { DatasetInfo, RunInfo } from "../../client/types.js";
import type { RunStage, RunTimeline } from "../../plan/batch/run-timeline.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import { parameterCount } from "../engines/model-state.js";
import { STATE_KINDS } from "../engines/optimizers.js";
import { targetReading } from "../engines/target-reading.js";
import { labellingBytes } from "../inference/labelling-bytes.js";
import type { Maps } from "../inference/sliding-window.js";
import { isValidated } from "../loop/check-control.js";
import { labelOptions } from "../loop/label-options.js";
import { VALIDATION_CREDIT } from "../loop/validation.js";
import type { NetworkDescription } from "../networks/network.js";
import { listParameters } from "../networks/parameters.js";
import type { TrainingSpec } from "../spec.js";
import type { SessionSizes, SizedTask } from "./session-sizes.js";

/** Of a process before it has a network: Node.js, the engine and its libraries, and the client with its thread. */
const PROCESS_BYTES = 320 << 20;

/** What a client wants ahead of the batch that is trained on, at most; see `ConnectOptions` and `OpenRunOptions`. */
const AHEAD = { batches: 8, bytes: 256 << 20 };

/** Stages whose step is looked at: those with the most voxels in a batch. Which of them takes the most depends on the network. */
const STAGES_LOOKED_AT = 4;

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
const REFERENCE_BYTES = Int16Array.BYTES_PER_ELEMENT;

/** What the largest two of `numbers` come to. */
function largestTwo(numbers: readonly number[]): number {
  const [first = 0, second = 0] = numbers.toSorted((a, b) => b - a);
  return first + second;
}

const largest = (numbers: readonly number[]): number => numbers.reduce((most, one) => Math.max(most, one), 0);

/** Memory that a training is estimated to take. */
export interface TrainingNeed {
  readonly bytes: number;
  /** Of them what the engine keeps between two steps. */
  readonly keptBytes: number;
}

const voxelsOf = ({ batchSize, patchSize }: Pick<RunStage, "batchSize" | "patchSize">) =>
  batchSize * voxelCount(patchSize);

/** Bytes of batches of a timeline: those wanted ahead, `credit` at most, and the one in hand as it came and as float32. */
function batchBytes({ stages }: RunTimeline, channels: number, credit: number): number {
  const bytes = largest(stages.flatMap(({ shares }) => shares.map(({ byteLength }) => byteLength)));
  const ahead = Math.min(credit * bytes, Math.max(AHEAD.bytes, bytes));
  return ahead + bytes + FLOAT_BYTES * channels * largest(stages.map(voxelsOf));
}

/** An image to label. */
export interface ImageSizes {
  /** (C,Z,Y,X) as it is stored. */
  readonly shape: Maps["shape"];
  /** (Z,Y,X) on the grid of its label. */
  readonly label: Zyx;
}

/** Bytes that evaluating an image takes beside the network: the image, the logits of all of it, the planes they are summed in, and the label. */
function evaluationBytes({ classes }: NetworkDescription, patch: Zyx, { shape, label }: ImageSizes) {
  const [channels, ...stored] = shape;
  const planes = Math.min(stored[0], patch[0]) * stored[1] * stored[2];
  // Of those planes the sums with their weights, and the means.
  const onStored = (channels + classes) * voxelCount(stored) + (2 * classes + 1) * planes;
  // One class at a time on the original grid, and the largest so far.
  const onOriginal = (2 * FLOAT_BYTES + 2) * voxelCount(label);
  return FLOAT_BYTES * onStored + onOriginal;
}

/** What is known of a training before it begins. */
export interface PlannedTraining {
  readonly network: NetworkDescription;
  readonly run: RunInfo;
  readonly dataset: DatasetInfo;
  readonly training: TrainingSpec;
}

/**
 * What the process of a training takes at most: itself, the batches of both timelines on their way, what the engine keeps of two steps, as it
 * does at a change of stage, of a validation or of a prediction, the model as it is saved, and the largest case that is held out. An estimate
 * by the ONNX engine's own figures; on a GPU most of it lies there.
 */
export async function trainingNeed(
  { network, run, dataset, training }: PlannedTraining,
  sizes: SessionSizes,
): Promise<TrainingNeed> {
  const { spec, train, val, channels } = run;
  const { optimizer, batchDice = dataset.batchDice ?? false } = training;
  const isChecked = isValidated(spec, training);
  const stages = train.stages.toSorted((a, b) => voxelsOf(b) - voxelsOf(a)).slice(0, STAGES_LOOKED_AT);
  const steps = stages.map(({ batchSize, patchSize }): SizedTask => ({ task: "step", batchSize, patchSize }));
  const { batchSize, patchSize } = spec.plan;
  const atFullPatch: SizedTask[] = [
    ...(isChecked ? [{ task: "validate", batchSize, patchSize } as const] : []),
    ...(spec.split.val.length > 0 ? [{ task: "predict", batchSize, patchSize } as const] : []),
  ];
  const reading = targetReading(network, labelOptions(dataset));
  const kind = { batchDice, deepSupervision: spec.deepSupervision, reading, optimizer };
  const sessions = await sizes.of({ network, kind, tasks: [...steps, ...atFullPatch] });
  const keptBytes = largestTwo(sessions.map((session) => session.keptBytes));
  // A session that was released and is needed again is made to keep little: what it runs with comes on top.
  const again = spec.stageOrder === "random" ? largest(sessions.map(({ runBytes }) => runBytes)) : 0;

  const batches =
    batchBytes(train, channels, AHEAD.batches) + (isChecked ? batchBytes(val, channels, VALIDATION_CREDIT) : 0);
  const saved = FLOAT_BYTES * (1 + STATE_KINDS[optimizer].length) * parameterCount(listParameters(network));
  const heldOut = new Set(spec.split.val);
  const evaluated = dataset.cases
    .filter(({ id }) => heldOut.has(id))
    .map(({ shape, geometry: { originalShape: label } }) => {
      return evaluationBytes(network, patchSize, { shape, label }) + REFERENCE_BYTES * voxelCount(label);
    });
  return { bytes: PROCESS_BYTES + batches + keptBytes + again + saved + largest(evaluated), keptBytes };
}

/**
 * Bytes that labelling an image takes: its own process, the forward pass of each network, what `labellingBytes` says, and the label once more in
 * the service, for a caller that reads slowly.
 */
export async function predictionBytes(
  models: readonly { readonly network: NetworkDescription; readonly patchSize: Zyx }[],
  { shape, label }: ImageSizes,
  sizes: SessionSizes,
): Promise<number> {
  const kind = { batchDice: false, deepSupervision: false };
  const sourceVoxels = voxelCount(label);
  let [forward, labelling] = [0, 0];
  for (const { network, patchSize } of models) {
    const { classes } = network;
    const sessions = await sizes.of({ network, kind, tasks: [{ task: "predict", batchSize: 1, patchSize }] });
    forward += largest(sessions.map(({ keptBytes }) => keptBytes));
    labelling = Math.max(labelling, labellingBytes({ shape, sourceVoxels, classes, patchSize }));
  }
  return PROCESS_BYTES + forward + labelling + sourceVoxels;
}
