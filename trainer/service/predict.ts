import { PatchstreamError } from "../../plan/errors.js";
import type { PredictImage, PredictRequest, PredictResponse } from "../../proto/messages.js";
import { chunkFrame } from "../../rpc/codec/framing.js";
import { Admission } from "../../rpc/server/admission.js";
import type { DuplexCall } from "../../rpc/server/implement.js";
import { logLines, type ServiceLog } from "../../rpc/server/service-log.js";
import type { PredictionJob } from "../inference/prediction.js";
import type { Maps } from "../inference/sliding-window.js";
import type { FromProcess } from "../process/messages.js";
import { type JobProcess, startJob } from "../process/start.js";
import { checkpointName } from "./checkpoint-name.js";
import { checkAddresses, type DataAccess } from "./data-servers.js";
import type { TrainingEngines } from "./engines.js";
import { type MemoryBudget, takeMemory } from "./memory-budget.js";
import { predictionNeed } from "./prediction-need.js";
import type { SessionSizes } from "./session-sizes.js";
import type { Trainings } from "./trainings.js";

/** A caller that sends nothing of its image for so long gives its place to others. */
const MAX_SILENCE_MS = 60_000;

/** Voxels times channels of an image to label: 4 GiB of float32. */
const MAX_IMAGE_VALUES = 2 ** 30;

type Call = DuplexCall<PredictRequest, PredictResponse>;

export interface PredictionOptions {
  readonly access: DataAccess;
  readonly engines: TrainingEngines;
  /** CPU threads of one prediction. */
  readonly threadsEach: number;
  readonly memory: MemoryBudget;
  readonly sizes: SessionSizes;
  /** Lets in as many at a time as there may be. */
  readonly admission: Admission;
  readonly log: ServiceLog;
}

/** As many predictions at the same time as `predictions` says, whoever asks for them. */
export function predictionAdmission({ predictions = 2 }: { readonly predictions?: number }): Admission {
  return new Admission({ name: "max_predictions", most: predictions, mostOfPeer: predictions });
}

function refuse(field: string, got: unknown, want: string): never {
  throw new PatchstreamError({ code: "REQUEST_INVALID", field, got, want });
}

/** A place among the predictions, given back when it is disposed. Throws SERVER_BUSY. */
function placeIn(admission: Admission, peer: string): Disposable {
  return { [Symbol.dispose]: admission.enter(peer) };
}

/** The shape of the image that follows in chunks. */
function shapeOf({ tensor }: PredictImage): Maps["shape"] {
  if (tensor?.type !== "f32") return refuse("image.tensor.type", tensor?.type, "f32");
  const [channels, z, y, x, ...more] = tensor.shape;
  if (!channels || !z || !y || !x || more.length > 0)
    return refuse("image.tensor.shape", tensor.shape, "four extents, channels, Z, Y and X, each at least 1");
  const got = channels * z * y * x;
  if (got > MAX_IMAGE_VALUES)
    throw new PatchstreamError({ code: "LIMIT_EXCEEDED", limit: "values of an image", got, max: MAX_IMAGE_VALUES });
  return [channels, z, y, x];
}

/** The caller's next message. Throws DEADLINE for one that is silent for too long. */
async function nextInTime(requests: AsyncIterator<PredictRequest>): Promise<IteratorResult<PredictRequest>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const facts = { waitedFor: "the next chunk of the image", timeoutMs: MAX_SILENCE_MS };
    timer = setTimeout(() => reject(new PatchstreamError({ code: "DEADLINE", ...facts })), MAX_SILENCE_MS);
  });
  return Promise.race([requests.next(), late]).finally(() => clearTimeout(timer));
}

/** Hands the chunks of an image of `byteLength` bytes over, one after the other. */
async function passImage(
  requests: AsyncIterator<PredictRequest>,
  byteLength: number,
  send: JobProcess<unknown>["send"],
): Promise<void> {
  for (let received = 0; received < byteLength; ) {
    const { done, value } = await nextInTime(requests);
    if (done) return refuse("image", `${received} bytes`, `${byteLength} bytes in chunks`);
    if (value.kind !== "chunk") return refuse("kind", value.kind, "chunk, until the image is complete");
    const { offset, data } = value.chunk;
    if (offset !== received || data.length > byteLength - received)
      return refuse("chunk.offset", offset, `${received}, with at most ${byteLength - received} bytes`);
    await send({ kind: "imageBytes", offset, bytes: data });
    received += data.length;
  }
}

/** Passes the label on as it comes; `sent` resolves to its CRC-32 when all that came has left. */
function labelSender({ send }: Call): { readonly take: (message: FromProcess) => void; sent(): Promise<number> } {
  let labelChecksum = 0;
  let last = Promise.resolve();
  const pass = (message: Parameters<typeof send>[0]) => {
    last = last.then(() => send(message));
    last.catch(() => undefined); // `sent` tells
  };
  return {
    take(message) {
      if (message.kind === "label") {
        const { shape, checksum } = message;
        labelChecksum = checksum;
        const byteLength = shape.reduce((product, extent) => product * extent, 1);
        pass({
          kind: "volumeBegin",
          volumeBegin: { tensor: { name: "label", type: "u8", shape, byteLength } },
        });
      } else if (message.kind === "labelBytes") pass(chunkFrame(0, message.offset, message.bytes));
    },
    sent: () => last.then(() => labelChecksum),
  };
}

/**
 * Answers one Predict call: a case or an image in, its label out. It is made in a process of its own, which a caller that leaves
 * ends.
 */
export async function answerPrediction(call: Call, trainings: Trainings, options: PredictionOptions): Promise<void> {
  const requests = call.requests[Symbol.asyncIterator]();
  const { value: first } = await requests.next();
  if (first?.kind !== "case" && first?.kind !== "image") return refuse("kind", first?.kind, "case or image, first");
  const { training, checkpoint: kind } = first.kind === "case" ? first.case : first.image;
  const checkpoint = checkpointName(kind);
  const { folder, data } = trainings.place(training);
  const { access, engines, threadsEach, admission, memory, sizes, log } = options;
  let source: PredictionJob["source"];
  if (first.kind === "case") {
    const asked = first.case.data === "" ? data : [first.case.data];
    checkAddresses(access, asked);
    source = { kind: "case", case: first.case.case, data: asked, connection: access.connection };
  } else source = { kind: "image", shape: shapeOf(first.image) };

  using _place = placeIn(admission, call.peer);
  using _memory = takeMemory(memory, await predictionNeed({ training, folder, checkpoint, source }, sizes));
  const label = labelSender(call);
  const started = startJob(
    "predict",
    { training, folder, checkpoint, engine: engines.chosen("auto"), threads: threadsEach, source },
    {
      doing: `labels an image with training ${training}`,
      onMessage: label.take,
      notice: logLines(log),
      log,
    },
  );
  const leave = () => started.kill(call.signal.reason);
  call.signal.addEventListener("abort", leave, { once: true });
  try {
    if (source.kind === "image") {
      const byteLength = source.shape.reduce((product, extent) => product * extent, Float32Array.BYTES_PER_ELEMENT);
      // Where the process refuses the image, what is left of it is not waited for.
      await Promise.race([passImage(requests, byteLength, started.send), started.ended]);
    }
    await started.ended;
    const checksum = await label.sent();
    await call.send({ kind: "volumeEnd", volumeEnd: { checksum } });
  } catch (error) {
    started.kill(error);
    throw error;
  } finally {
    call.signal.removeEventListener("abort", leave);
  }
}
