import { connect } from "../../client/connect.js";
import type { ConnectOptions } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { storedCase } from "../evaluation/stored-case.js";
import { type Checkpoint, type CheckpointName, noCheckpoint, readCheckpoint } from "../run-folder/checkpoint.js";
import type { GridGeometry } from "./export-label.js";
import { openPredictor } from "./predictor.js";
import type { Maps } from "./sliding-window.js";

/** A training whose checkpoint labels. */
export interface LabellingTraining {
  readonly training: string;
  /** Where its checkpoints lie. */
  readonly folder: string;
}

/** One image to label with the checkpoint of a training, or of several of which the mean counts. */
export interface PredictionJob {
  readonly trainings: readonly [LabellingTraining, ...LabellingTraining[]];
  readonly checkpoint: CheckpointName;
  /** Whether to take the mean over all flips of the axes that training mirrored along. */
  readonly mirror: boolean;
  readonly engine: string;
  readonly threads: number;
  readonly source:
    | {
        readonly kind: "case";
        readonly case: string;
        readonly data: readonly string[];
        readonly connection: ConnectOptions;
      }
    | {
        readonly kind: "image";
        readonly shape: Maps["shape"];
        /** Absent: the image is its own original. */
        readonly geometry?: GridGeometry;
      };
}

/** An image that is its own original: nothing cut, turned or resampled. */
function asItLies([, ...size]: Maps["shape"]): GridGeometry {
  return {
    originalShape: size,
    originalSpacingMm: [1, 1, 1],
    transpose: [0, 1, 2],
    cropStart: [0, 0, 0],
    cropEnd: size,
    spacingMm: [1, 1, 1],
  };
}

async function readStoredCase({ data, connection, case: id }: Extract<PredictionJob["source"], { kind: "case" }>) {
  await using client = connect(data, connection);
  const never = new AbortController().signal;
  const stored = storedCase(client, await client.describeDataset(), id, never);
  return { image: await stored.readImage(), geometry: stored.geometry };
}

async function checkpointsOf({ trainings, checkpoint: name }: PredictionJob): Promise<[Checkpoint, ...Checkpoint[]]> {
  const [first, ...others] = trainings;
  const read = async ({ training, folder }: LabellingTraining) => {
    const checkpoint = await readCheckpoint(folder, name);
    if (checkpoint) return checkpoint;
    throw noCheckpoint(training, name);
  };
  const checkpoints: [Checkpoint, ...Checkpoint[]] = [await read(first)];
  for (const other of others) {
    const checkpoint = await read(other);
    checkSameKind(checkpoints[0], checkpoint, other.training);
    checkpoints.push(checkpoint);
  }
  return checkpoints;
}

/** Logits can be averaged where their voxels and outputs are the same. Throws REQUEST_INVALID. */
function checkSameKind(first: Checkpoint, other: Checkpoint, training: string): void {
  const kindOf = ({ network, spec, trainedOn }: Checkpoint) => ({
    channels: network.inputChannels,
    outputs: network.classes,
    patch: spec.plan.patchSize,
    labels: trainedOn?.labelSet,
  });
  const [one, two] = [kindOf(first), kindOf(other)];
  for (const what of ["channels", "outputs", "patch", "labels"] as const) {
    if (JSON.stringify(one[what]) === JSON.stringify(two[what])) continue;
    const want = `a training with the ${what} of the first, such as another fold`;
    throw new PatchstreamError({ code: "REQUEST_INVALID", field: "average_with", got: training, want });
  }
}

/** What is known of a prediction before its first window. */
export interface PredictionBegin {
  /** Steps that each checkpoint holds. */
  readonly steps: readonly number[];
  /** What the source's files call each stored value; empty where a checkpoint does not say it. */
  readonly sourceValues: readonly number[];
}

export interface PredictionOptions {
  /** The bytes of the image that the caller sends. */
  readonly receiveImage: (byteLength: number) => Promise<Uint8Array>;
  readonly notice: (line: string) => void;
  readonly onBegin: (begin: PredictionBegin) => void;
  /** Told the share of the windows that are done, 0 to 1. */
  readonly onShare: (share: number) => void;
}

/** The label (Z,Y,X) in stored values on the image's original grid. Throws NOT_FOUND, INPUT_DAMAGED, REQUEST_INVALID. */
export async function predictLabel(
  job: PredictionJob,
  { receiveImage, notice, onBegin, onShare }: PredictionOptions,
): Promise<{ readonly label: Uint8Array; readonly shape: Zyx }> {
  const checkpoints = await checkpointsOf(job);
  const [{ network, trainedOn }] = checkpoints;
  const { source, engine, threads, mirror } = job;
  const checkChannels = ([channels]: Maps["shape"]) => {
    if (channels === network.inputChannels) return;
    const want = `${network.inputChannels}, the network's channels`;
    throw new PatchstreamError({ code: "REQUEST_INVALID", field: "image.tensor.shape[0]", got: channels, want });
  };
  if (source.kind === "image") checkChannels(source.shape);
  onBegin({
    steps: checkpoints.map(({ step }) => step),
    sourceValues: trainedOn?.labelSet.sourceValues ?? [],
  });
  const { image, geometry } =
    source.kind === "case" ? await readStoredCase(source) : await sentImage(source, receiveImage);
  checkChannels(image.shape);
  await using predictor = await openPredictor(checkpoints, { engine, threads, mirror, notice });
  const { label } = await predictor.label(image, geometry, { probabilities: false, tell: onShare });
  return { label, shape: geometry.originalShape };
}

async function sentImage(
  { shape, geometry = asItLies(shape) }: Extract<PredictionJob["source"], { kind: "image" }>,
  receiveImage: PredictionOptions["receiveImage"],
) {
  const values = shape.reduce((product, extent) => product * extent, 1);
  const bytes = await receiveImage(values * Float32Array.BYTES_PER_ELEMENT);
  return { image: { shape, values: new Float32Array(bytes.buffer) }, geometry };
}
