import type { Timeline } from "../plan/batch/address.js";
import type { Sample } from "../plan/batch/sample.js";
import type { StageDecision, StageProposal } from "../plan/batch/stage-timeline.js";
import type { ImageType, LabelType } from "../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../plan/zyx.js";
import { memoryFreer } from "../rpc/free-memory.js";
import { readSamples } from "../rpc/samples.js";
import { BatchSession } from "./batch-session.js";
import { floatValues, labelValues } from "./tensor-values.js";
import type { ReceivedBatch, SessionRequest } from "./transport/messages.js";
import type { Transport } from "./transport/transport.js";
import type { Batch, ImageTensor, LabelTensor, Run, RunInfo, StageChanged } from "./types.js";

const freeMemory = memoryFreer();

const freeBuffer = (buffer: ArrayBuffer): void => freeMemory(new Uint8Array(buffer));

/** A received batch, which was checked against its stage, as a caller sees it: views on its own memory. */
export function toBatch(received: ReceivedBatch, timeline: Timeline, waitedMs: number): Batch {
  const { step, stage, globalBatch, checksum, buffer, carrier, carriedMs, traceparent } = received;
  let samples: readonly Sample[] | undefined;
  const whole = new Uint8Array(buffer);
  let offset = 0;
  const tensors = received.tensors.map(({ type, shape, byteLength }) => {
    const bytes = new Uint8Array(buffer, offset, byteLength);
    offset += byteLength;
    return tensorOf(type as ImageType | LabelType, shape, bytes);
  });
  const [image, label, ...deepLabels] = tensors as [ImageTensor, LabelTensor, ...LabelTensor[]];
  return {
    timeline,
    step,
    stage,
    patchSize: label.shape.slice(1) as unknown as Zyx,
    globalBatch,
    image,
    label,
    deepLabels,
    get samples() {
      samples ??= readSamples(received.samples);
      return samples;
    },
    checksum,
    carrier,
    waitedMs,
    carriedMs,
    ...(traceparent !== undefined && { traceparent }),
    [Symbol.dispose]: () => freeMemory(whole),
  };
}

/** A tensor whose `data` is made when it is first asked for, and then kept. */
function tensorOf(type: ImageType | LabelType, shape: readonly number[], bytes: Uint8Array) {
  let values: Float32Array | Int16Array | Uint8Array | undefined;
  return {
    type,
    shape,
    bytes,
    get data() {
      // A disposed batch: its memory is gone, and a decoded copy must not outlive it.
      if (bytes.byteLength === 0) values = valuesOf(type, shape, new Uint8Array());
      values ??= valuesOf(type, shape, bytes);
      return values;
    },
  };
}

function valuesOf(type: ImageType | LabelType, shape: readonly number[], bytes: Uint8Array) {
  if (type === "u8") return bytes;
  return type === "i16" ? labelValues({ type, shape, bytes }) : floatValues({ type, shape, bytes });
}

export interface RunShare {
  readonly timeline: Timeline;
  readonly rank: number;
  readonly ranks: number;
  readonly creditBatches: number;
  readonly creditBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** One rank's stream of one run, over the transport thread. */
export class StreamedRun implements Run {
  readonly info: RunInfo;
  readonly #transport: Transport;
  readonly #share: RunShare;
  readonly #firstUnwanted = new Uint32Array(new SharedArrayBuffer(4));
  #opened: Promise<BatchSession> | undefined;

  constructor(transport: Transport, info: RunInfo, share: RunShare) {
    this.#transport = transport;
    this.info = info;
    this.#share = share;
  }

  get firstUnwanted(): number {
    return Atomics.load(this.#firstUnwanted, 0);
  }

  async *batches(
    range: { from?: number; to?: number; decisions?: readonly StageDecision[] } = {},
  ): AsyncIterableIterator<Batch> {
    const { signal, ...share } = this.#share;
    const { from = 0, to = this.info[share.timeline].steps, decisions = [] } = range;
    await this.#close();
    Atomics.store(this.#firstUnwanted, 0, from);
    const opened = this.#open({ ...share, from, to, decisions });
    this.#opened = opened;
    try {
      const session = await opened;
      for (let step = from; step < to; step++) {
        signal?.throwIfAborted();
        const askedMs = performance.now();
        const received = session.nextAhead(step) ?? (await session.next(step, signal));
        yield toBatch(received, share.timeline, performance.now() - askedMs);
      }
    } finally {
      if (this.#opened === opened) await this.#close();
    }
  }

  async changeStage(proposal: StageProposal): Promise<StageChanged> {
    const session = await this.#opened;
    if (session === undefined) throw new RangeError("a stage is changed while batches are iterated");
    return session.changeStage(proposal, this.#share.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #open(session: Omit<SessionRequest, "info" | "firstUnwanted">): Promise<BatchSession> {
    const request = { ...session, info: this.info, firstUnwanted: this.#firstUnwanted };
    const opened = await this.#transport.call("openSession", request, this.#share.signal);
    return new BatchSession(opened, {
      transport: this.#transport,
      firstUnwanted: this.#firstUnwanted,
      free: freeBuffer,
    });
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    const session = await opened?.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
  }
}
