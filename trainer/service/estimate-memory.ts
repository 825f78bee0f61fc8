import type { RunInfo } from "../../client/types.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import { keptBytes as sessionBytes } from "../engines/onnx/sessions.js";
import { predictionGraph, stepGraph } from "../engines/onnx/step-graph.js";
import type { OptimizerName } from "../engines/optimizers.js";
import type { NetworkDescription } from "../networks/network.js";

/** Of a process before it has a network: Node.js, the engine and its libraries, and the client with its thread. */
const PROCESS_BYTES = 320 << 20;

/** What a client wants ahead of the batch that is trained on, at most; see `ConnectOptions` and `OpenRunOptions`. */
const AHEAD = { batches: 8, bytes: 256 << 20 };

/** A batch and its image as float32, while a step is taken on it. */
const COPIES = 2;

const FLOAT_BYTES = 4;

/** Stages whose step is looked at: those with the most voxels in a batch. Which of them takes the most depends on the network. */
const STAGES_LOOKED_AT = 4;

/** What the largest two of `numbers` come to. */
function largestTwo(numbers: readonly number[]): number {
  const [first = 0, second = 0] = numbers.toSorted((a, b) => b - a);
  return first + second;
}

/** Memory that a training is estimated to take. */
export interface TrainingNeed {
  readonly bytes: number;
  /** Of them what the engine keeps between two steps. */
  readonly keptBytes: number;
}

/**
 * What the process of a training takes at its largest stage: itself, the batches on their way, and what the engine keeps of two steps, as it
 * does at a change of stage. An estimate by the ONNX engine's own figures; on a GPU most of it lies there.
 */
export function trainingNeed(
  network: NetworkDescription,
  { train }: Pick<RunInfo, "train">,
  optimizer: OptimizerName,
): TrainingNeed {
  const voxels = ({ batchSize, patchSize }: { batchSize: number; patchSize: Zyx }) => batchSize * voxelCount(patchSize);
  const largest = train.stages.toSorted((a, b) => voxels(b) - voxels(a)).slice(0, STAGES_LOOKED_AT);
  const kind = { batchDice: false, deepSupervision: network.heads.length > 1, optimizer };
  const steps = largest.map(({ batchSize, patchSize }) =>
    sessionBytes(stepGraph(network, { batchSize, patchSize }, kind)),
  );
  const batchBytes = Math.max(0, ...train.stages.flatMap(({ shares }) => shares.map(({ byteLength }) => byteLength)));
  const ahead = Math.min(AHEAD.batches * batchBytes, Math.max(AHEAD.bytes, batchBytes));
  const keptBytes = largestTwo(steps);
  return { bytes: PROCESS_BYTES + ahead + COPIES * batchBytes + keptBytes, keptBytes };
}

/** Bytes that labelling an image takes: its own process, the network's forward pass, the image, and logits for all of it. */
export function predictionBytes(
  network: NetworkDescription,
  { patchSize, batchSize }: { readonly patchSize: Zyx; readonly batchSize: number },
  { stored, original }: { readonly stored: Zyx; readonly original: Zyx },
): number {
  const forward = sessionBytes(predictionGraph(network, { batchSize, patchSize }));
  // Image, sum of logits, weights; then one class at a time on the original grid, the largest so far, and the label.
  const onStored = (network.inputChannels + network.classes + 1) * FLOAT_BYTES * voxelCount(stored);
  const onOriginal = (2 * FLOAT_BYTES + 2) * voxelCount(original);
  return PROCESS_BYTES + forward + onStored + onOriginal;
}
