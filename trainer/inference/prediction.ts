import { connect } from "../../client/connect.js";
import type { ConnectOptions } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../plan/zyx.js";
import { openTrainingEngine } from "../engines/open.js";
import { storedCase } from "../evaluation/stored-case.js";
import { type Checkpoint, type CheckpointName, noCheckpoint, readCheckpoint } from "../run-folder/checkpoint.js";
import { type GridGeometry, labelOnOriginalGrid, labelReading } from "./export-label.js";
import { type Maps, predictBySlidingWindow } from "./sliding-window.js";

/** One image to label with the checkpoint of a training. */
export interface PredictionJob {
  readonly training: string;
  /** Where its checkpoints lie. */
  readonly folder: string;
  readonly checkpoint: CheckpointName;
  readonly engine: string;
  readonly threads: number;
  readonly source:
    | {
        readonly kind: "case";
        readonly case: string;
        readonly data: readonly string[];
        readonly connection: ConnectOptions;
      }
    | { readonly kind: "image"; readonly shape: Maps["shape"] };
}

/** Axes that training mirrored along: those of test-time mirroring. */
export function mirrorAxes(spec: Pick<ResolvedSpec, "augmentation">): (0 | 1 | 2)[] {
  return [...new Set(spec.augmentation.flatMap((one) => (one.kind === "mirror" ? one.axes : [])))].sort();
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

async function checkpointOf({ training, folder, checkpoint: name }: PredictionJob): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(folder, name);
  if (checkpoint) return checkpoint;
  throw noCheckpoint(training, name);
}

export interface PredictionOptions {
  /** The bytes of the image that the caller sends. */
  readonly receiveImage: (byteLength: number) => Promise<Uint8Array>;
  readonly notice: (line: string) => void;
}

/** The label (Z,Y,X) on the image's original grid. Throws NOT_FOUND, INPUT_DAMAGED, REQUEST_INVALID. */
export async function predictLabel(
  job: PredictionJob,
  { receiveImage, notice }: PredictionOptions,
): Promise<{ readonly label: Uint8Array; readonly shape: Zyx }> {
  const { spec, network, model: state, trainedOn } = await checkpointOf(job);
  const { source, threads } = job;
  const checkChannels = ([channels]: Maps["shape"]) => {
    if (channels === network.inputChannels) return;
    const want = `${network.inputChannels}, the network's channels`;
    throw new PatchstreamError({ code: "REQUEST_INVALID", field: "image.tensor.shape[0]", got: channels, want });
  };
  if (source.kind === "image") checkChannels(source.shape);
  const { image, geometry } =
    source.kind === "case" ? await readStoredCase(source) : await sentImage(source.shape, receiveImage);
  checkChannels(image.shape);
  const engine = await openTrainingEngine(job.engine, notice);
  await using model = await engine.createModel(network, { seed: 0, batchDice: false, threads });
  await model.load(state);
  const { patchSize, batchSize } = spec.plan;
  const never = new AbortController().signal;
  const window = { patchSize, batchSize, classes: network.classes, mirrorAxes: mirrorAxes(spec), signal: never };
  const reading = trainedOn && labelReading(trainedOn.labelSet);
  const label = labelOnOriginalGrid(await predictBySlidingWindow(model, image, window), geometry, reading);
  return { label, shape: geometry.originalShape };
}

async function sentImage(shape: Maps["shape"], receiveImage: PredictionOptions["receiveImage"]) {
  const values = shape.reduce((product, extent) => product * extent, 1);
  const bytes = await receiveImage(values * Float32Array.BYTES_PER_ELEMENT);
  return { image: { shape, values: new Float32Array(bytes.buffer) }, geometry: asItLies(shape) };
}
