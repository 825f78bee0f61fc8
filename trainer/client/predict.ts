import { setTimeout } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { ByteReceiver, brokenProtocol } from "../../client/transport/batch-receiver.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import type {
  PredictImage,
  PredictionBegin,
  PredictRequest,
  PredictResponse,
  VolumeBegin,
} from "../../proto/messages.js";
import { callDuplex, callFailure } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { CHUNK_BYTES } from "../../rpc/codec/framing.js";
import { methodOf } from "../../rpc/service.js";
import { inSourceValues } from "../inference/source-values.js";

/** A label on its image's own grid, or on its source file's. */
export interface PredictedLabel {
  /** (Z,Y,X). */
  readonly shape: Zyx;
  /** (Z,Y,X), C order: the label values that the training's source files have. */
  readonly values: Uint8Array | Uint16Array;
  /** Steps that each checkpoint held which labelled. */
  readonly steps: readonly number[];
}

export interface PredictSettings {
  /** For so long a trainer that labels other images is asked again. */
  readonly patienceMs: number;
  readonly onBusy?: () => void;
  readonly onProgress?: (share: number) => void;
  /** Size (Z,Y,X) that the label must have, where it is known. */
  readonly size?: Zyx;
  readonly signal?: AbortSignal;
}

/** The messages of an image: what it is, then its bytes in chunks. */
export function* imageRequests(image: PredictImage, values: Float32Array): Generator<PredictRequest> {
  yield { kind: "image", image };
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES)
    yield { kind: "chunk", chunk: { step: 0, offset, data: bytes.subarray(offset, offset + CHUNK_BYTES) } };
}

interface ComingLabel {
  readonly shape: Zyx;
  readonly receiver: ByteReceiver;
}

function beginLabel({ tensor }: VolumeBegin, size: Zyx | undefined): ComingLabel {
  const [z = 0, y = 0, x = 0] = tensor?.shape ?? [];
  const shape: Zyx = [z, y, x];
  if (tensor?.type !== "u8" || tensor.shape.length !== 3 || tensor.byteLength !== voxelCount(shape))
    throw brokenProtocol("a label came as something else than (Z,Y,X) u8");
  if (size?.some((extent, axis) => extent !== shape[axis]))
    throw brokenProtocol(`a label of ${shape} voxels came for a grid of ${size}`);
  return { shape, receiver: new ByteReceiver(tensor.byteLength) };
}

/** The label of an answer, its checksum verified. */
async function readLabel(
  answer: AsyncIterable<PredictResponse>,
  { onProgress, size }: PredictSettings,
): Promise<PredictedLabel> {
  let begun: PredictionBegin | undefined;
  let label: ComingLabel | undefined;
  for await (const frame of answer) {
    if (frame.kind === "predictionBegin") begun = frame.predictionBegin;
    else if (frame.kind === "progress") onProgress?.(frame.progress.share);
    else if (frame.kind === "volumeBegin") label = beginLabel(frame.volumeBegin, size);
    else if (frame.kind === undefined)
      continue; // of a newer trainer
    else if (begun === undefined || label === undefined) throw brokenProtocol("a label did not begin");
    else if (frame.kind === "chunk") label.receiver.add(frame.chunk);
    else if (label.receiver.matches(frame.volumeEnd.checksum))
      return {
        shape: label.shape,
        values: inSourceValues(new Uint8Array(label.receiver.buffer), begun),
        steps: begun.steps,
      };
    else throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the label" });
  }
  throw brokenProtocol("a label did not end");
}

/** One try. */
async function ask(
  channel: Channel,
  requests: Iterable<PredictRequest>,
  settings: PredictSettings,
): Promise<PredictedLabel> {
  const { signal } = settings;
  const options = signal === undefined ? {} : { signal };
  await channel.contact(options);
  signal?.throwIfAborted();
  const call = callDuplex(channel, "TrainerService", "predict", methodOf("TrainerService", "predict").decodeResponse);
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const send = async () => {
    for (const request of requests)
      await new Promise<void>((resolve, reject) => {
        call.write(request, (error?: Error | null) => (error ? reject(error) : resolve()));
      });
    call.end();
  };
  // What is wrong with the call is said by its answer.
  send().catch(() => undefined);
  try {
    return await readLabel(call, settings);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof PatchstreamError ? error : callFailure(error as ServiceError, channel, "predict");
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** The label that the trainer makes of what `requests` asks for; one that labels other images is asked again for `patienceMs`. */
export async function predict(
  channel: Channel,
  requests: () => Iterable<PredictRequest>,
  settings: PredictSettings,
): Promise<PredictedLabel> {
  const { patienceMs, onBusy, signal } = settings;
  const endMs = performance.now() + patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    try {
      return await ask(channel, requests(), settings);
    } catch (error) {
      const isBusy = error instanceof PatchstreamError && error.code === "SERVER_BUSY";
      if (!isBusy || performance.now() + pauseMs > endMs) throw error;
      if (pauseMs === FIRST_PAUSE_MS) onBusy?.();
      await setTimeout(pauseMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
