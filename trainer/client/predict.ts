import { setTimeout } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { ByteReceiver, brokenProtocol } from "../../client/transport/batch-receiver.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import type { PredictRequest, PredictResponse, VolumeBegin } from "../../proto/messages.js";
import { callDuplex, callFailure } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { CHUNK_BYTES } from "../../rpc/codec/framing.js";
import { methodOf } from "../../rpc/service.js";

/** A label on its image's own grid. */
export interface PredictedLabel {
  /** (Z,Y,X). */
  readonly shape: Zyx;
  /** (Z,Y,X) label values, C order. */
  readonly values: Uint8Array;
}

export interface PredictSettings {
  /** For so long a trainer that labels other images is asked again. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** The messages of an image: what it is, then its bytes in chunks. */
export function* imageRequests(
  image: Extract<PredictRequest, { kind: "image" }>,
  values: Float32Array,
): Generator<PredictRequest> {
  yield image;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES)
    yield { kind: "chunk", chunk: { step: 0, offset, data: bytes.subarray(offset, offset + CHUNK_BYTES) } };
}

function beginLabel({ tensor }: VolumeBegin): { readonly shape: Zyx; readonly receiver: ByteReceiver } {
  const [z = 0, y = 0, x = 0] = tensor?.shape ?? [];
  const shape: Zyx = [z, y, x];
  if (tensor?.type !== "u8" || tensor.shape.length !== 3 || tensor.byteLength !== voxelCount(shape))
    throw brokenProtocol("a label came as something else than (Z,Y,X) u8");
  return { shape, receiver: new ByteReceiver(tensor.byteLength) };
}

/** One try. Resolves to the label, its checksum verified. */
async function ask(
  channel: Channel,
  requests: Iterable<PredictRequest>,
  { signal }: PredictSettings,
): Promise<PredictedLabel> {
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
    let label: ReturnType<typeof beginLabel> | undefined;
    for await (const frame of call as AsyncIterable<PredictResponse>) {
      if (frame.kind === "volumeBegin") label = beginLabel(frame.volumeBegin);
      else if (label === undefined || frame.kind === undefined) throw brokenProtocol("a label did not begin");
      else if (frame.kind === "chunk") label.receiver.add(frame.chunk);
      else if (label.receiver.matches(frame.volumeEnd.checksum))
        return { shape: label.shape, values: new Uint8Array(label.receiver.buffer) };
      else throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the label" });
    }
    throw brokenProtocol("a label did not end");
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

/** The label that the trainer makes of what `requests` asks for; one that labels other images is asked again until the deadline. */
export async function predict(
  channel: Channel,
  requests: () => Iterable<PredictRequest>,
  settings: PredictSettings,
): Promise<PredictedLabel> {
  const { deadlineMs, signal } = settings;
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    try {
      return await ask(channel, requests(), settings);
    } catch (error) {
      const isBusy = error instanceof PatchstreamError && error.code === "SERVER_BUSY";
      if (!isBusy || performance.now() + pauseMs > endMs) throw error;
      await setTimeout(pauseMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
