import { crc32 } from "node:zlib";
import { connect } from "../../client/connect.js";
import { PatchstreamError } from "../../plan/errors.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { PredictCase, PredictImage, PredictRequest, PredictResponse } from "../../proto/messages.js";
import { CHUNK_BYTES, chunkFrame } from "../../rpc/codec/framing.js";
import type { DuplexCall } from "../../rpc/server/implement.js";
import { openTrainingEngine } from "../engines/open.js";
import { storedCase } from "../evaluation/stored-case.js";
import { type GridGeometry, labelOnOriginalGrid } from "../inference/export-label.js";
import { type Maps, predictBySlidingWindow } from "../inference/sliding-window.js";
import { mirrorAxes, type TrainerSettings } from "../loop/training.js";
import { type Checkpoint, readCheckpoint } from "../run-folder/checkpoint.js";
import type { Trainings } from "./trainings.js";

/** Voxels times channels of an image to label: 4 GiB of float32. */
const MAX_IMAGE_VALUES = 2 ** 30;

type Call = DuplexCall<PredictRequest, PredictResponse>;

function refuse(field: string, got: unknown, want: string): never {
  throw new PatchstreamError({ code: "REQUEST_INVALID", field, got, want });
}

/** The image that follows `PredictImage` in chunks. */
async function receiveImage({ tensor }: PredictImage, requests: AsyncIterator<PredictRequest>): Promise<Maps> {
  if (tensor?.type !== "f32") return refuse("image.tensor.type", tensor?.type, "f32");
  const [channels, z, y, x, ...more] = tensor.shape;
  const values = tensor.shape.reduce((product, extent) => product * extent, 1);
  if (!channels || !z || !y || !x || more.length > 0)
    return refuse("image.tensor.shape", tensor.shape, "four extents, channels, Z, Y and X, each at least 1");
  if (values > MAX_IMAGE_VALUES)
    throw new PatchstreamError({
      code: "LIMIT_EXCEEDED",
      limit: "values of an image",
      got: values,
      max: MAX_IMAGE_VALUES,
    });
  const bytes = new Uint8Array(values * 4);
  for (let received = 0; received < bytes.length; ) {
    const { done, value } = await requests.next();
    if (done) return refuse("image", `${received} bytes`, `${bytes.length} bytes in chunks`);
    if (value.kind !== "chunk") return refuse("kind", value.kind, "chunk, until the image is complete");
    const { offset, data } = value.chunk;
    if (offset !== received || data.length > bytes.length - received)
      return refuse("chunk.offset", offset, `${received}, with at most ${bytes.length - received} bytes`);
    bytes.set(data, received);
    received += data.length;
  }
  return { shape: [channels, z, y, x], values: new Float32Array(bytes.buffer) };
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

async function predictLabel(
  image: Maps,
  geometry: GridGeometry,
  { spec, network, model: state }: Checkpoint,
  { engine, threads, notice }: TrainerSettings,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (image.shape[0] !== network.inputChannels)
    return refuse("image.tensor.shape[0]", image.shape[0], `${network.inputChannels}, the network's channels`);
  const opened = await openTrainingEngine(engine, notice);
  await using model = await opened.createModel(network, { seed: 0, batchDice: false, threads });
  await model.load(state);
  const { patchSize, batchSize } = spec.plan;
  const window = { patchSize, batchSize, classes: network.classes, mirrorAxes: mirrorAxes(spec), signal };
  return labelOnOriginalGrid(await predictBySlidingWindow(model, image, window), geometry);
}

async function checkpointOf(training: string, folder: string): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(folder);
  if (checkpoint) return checkpoint;
  throw new PatchstreamError({ code: "NOT_FOUND", what: "checkpoint of training", name: training, known: [] });
}

async function readStoredCase(
  { data, case: id }: PredictCase,
  known: readonly string[],
  { connection }: TrainerSettings,
  signal: AbortSignal,
) {
  await using client = connect(data === "" ? known : [data], connection);
  const stored = storedCase(client, await client.describeDataset({ signal }), id, signal);
  return { image: await stored.readImage(), geometry: stored.geometry };
}

async function sendLabel(label: Uint8Array, shape: Zyx, { send }: Call): Promise<void> {
  const tensor = { name: "label", type: "u8", shape, byteLength: voxelCount(shape) };
  await send({ kind: "volumeBegin", volumeBegin: { tensor, checksum: crc32(label) } });
  for (let offset = 0; offset < label.length; offset += CHUNK_BYTES) {
    await send(chunkFrame(0, offset, label.subarray(offset, offset + CHUNK_BYTES)));
  }
  await send({ kind: "volumeEnd", volumeEnd: {} });
}

/** Answers one Predict call: a case or an image in, its label out. */
export async function answerPrediction(call: Call, trainings: Trainings, settings: TrainerSettings): Promise<void> {
  const requests = call.requests[Symbol.asyncIterator]();
  const { value: first } = await requests.next();
  if (first?.kind !== "case" && first?.kind !== "image") return refuse("kind", first?.kind, "case or image, first");
  const { training } = first.kind === "case" ? first.case : first.image;
  const { folder, data } = trainings.place(training);
  const checkpoint = await checkpointOf(training, folder);
  const { image, geometry } =
    first.kind === "case"
      ? await readStoredCase(first.case, data, settings, call.signal)
      : await receiveImage(first.image, requests).then((image) => ({ image, geometry: asItLies(image.shape) }));
  const label = await predictLabel(image, geometry, checkpoint, settings, call.signal);
  await sendLabel(label, geometry.originalShape, call);
}
