import { type ClientDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import { type Channel, callDuplex } from "../../rpc/client/call.js";
import { codec } from "../../rpc/codec/codec.js";
import { type ReceivedChunk, readChunkFrame } from "../../rpc/codec/framing.js";
import { memoryFreer } from "../../rpc/free-memory.js";
import { carriesFacts, fromStatus } from "../../rpc/status.js";
import { BatchReceiver, brokenProtocol, type ExpectedBatch } from "./batch-receiver.js";
import type { ReceivedBatch } from "./messages.js";

type Received = Messages["StreamResponse"] | { readonly kind: "chunk"; readonly chunk: ReceivedChunk };

/** What a stream tells its session. */
export interface StreamEvents {
  /** The server has answered Start: wants may be sent. */
  opened(): void;
  /** What a batch that begins must look like; undefined when it is not needed (any more). */
  begins(step: number, stage: number): ExpectedBatch | undefined;
  /** A batch has come to its end. */
  ended(step: number, batch: ReceivedBatch | "damaged" | "unneeded"): void;
  /** The call is over; `retry` when another attempt, here or elsewhere, may do better. */
  lost(error: PatchstreamError, retry: boolean): void;
}

/** Statuses of a transport or proxy that another attempt will not change. */
const FINAL = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
]);

/** True for a failure that another attempt may not meet: the peer is gone, or says that it cannot now. */
export function mayRetry(failure: ServiceError, { code }: PatchstreamError): boolean {
  if (!carriesFacts(failure)) return !FINAL.has(failure.code);
  return code === "UNAVAILABLE" || code === "WORKER_DIED";
}

const decodeResponse = (bytes: Buffer): Received => {
  const chunk = readChunkFrame(bytes);
  return chunk === undefined ? codec("StreamResponse").decode(bytes) : { kind: "chunk", chunk };
};

/** One call of `Stream` to one replica: turns its frames into whole, verified batches. */
export class ReplicaStream {
  readonly #channel: Channel;
  readonly #call: ClientDuplexStream<Messages["StreamRequest"], Received>;
  readonly #events: StreamEvents;
  readonly #now: () => number;
  readonly #unapplied: (() => void)[] = [];
  readonly #free = memoryFreer();
  #receiving: BatchReceiver | { readonly skipped: number } | undefined;
  #over = false;
  /** When the last message came. */
  lastHeardMs: number;
  /** The server said that it drains: no more is to be asked of it. */
  draining = false;

  constructor(channel: Channel, start: Messages["Start"], events: StreamEvents, now: () => number) {
    this.#channel = channel;
    this.#events = events;
    this.#now = now;
    this.lastHeardMs = now();
    this.#call = callDuplex(channel, "DataService", "stream", decodeResponse);
    this.#call.on("data", (message: Received) => this.#guard(() => this.#receive(message)));
    this.#call.on("error", (failure: ServiceError) => {
      const error = fromStatus(failure, { address: channel.address, method: "Stream" });
      this.#end(error, mayRetry(failure, error));
    });
    this.#call.on("end", () => this.#end(this.#gone("the server ended the stream"), true));
    this.#call.write({ kind: "start", start });
  }

  want(step: number, stage: number | undefined): void {
    this.#call.write({ kind: "want", want: { firstStep: step, count: 1, ...(stage !== undefined && { stage }) } });
  }

  /** Reports a stage; resolves when the server has applied it, or the stream is over. */
  report(stageReport: Messages["StageReport"]): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#call.write({ kind: "stageReport", stageReport });
    return new Promise((resolve) => this.#unapplied.push(resolve));
  }

  /** Reads the rest of the batch that is coming without keeping it. */
  skipBatch(): void {
    if (this.#receiving instanceof BatchReceiver) this.#receiving = { skipped: this.#receiving.begin.step };
  }

  /** Ends the call; nothing is told any more. */
  close(): void {
    this.#over = true;
    this.#call.cancel();
    for (const resolve of this.#unapplied.splice(0)) resolve();
  }

  #gone(reason: string): PatchstreamError {
    return new PatchstreamError({ code: "UNAVAILABLE", address: this.#channel.address, reason });
  }

  /** A message that breaks the protocol ends the stream for good. */
  #guard(act: () => void): void {
    if (this.#over) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof PatchstreamError)) throw error;
      this.#call.cancel();
      this.#end(error, false);
    }
  }

  #end(error: PatchstreamError, retry: boolean): void {
    if (this.#over) return;
    this.close();
    this.#events.lost(error, retry);
  }

  #receive(message: Received): void {
    this.lastHeardMs = this.#now();
    switch (message.kind) {
      case "chunk":
        if (this.#receiving === undefined) throw brokenProtocol("a chunk came outside of a batch");
        if (this.#receiving instanceof BatchReceiver) this.#receiving.add(message.chunk);
        this.#free(message.chunk.data);
        return;
      case "batchBegin": {
        if (this.#receiving !== undefined) throw brokenProtocol("a batch began inside of another");
        const { step, stage } = message.batchBegin;
        const expected = this.#events.begins(step, stage);
        this.#receiving = expected === undefined ? { skipped: step } : new BatchReceiver(message.batchBegin, expected);
        return;
      }
      case "batchEnd":
        this.#endBatch(message.batchEnd.step);
        return;
      case "started":
        this.#events.opened();
        return;
      case "stageApplied":
        this.#unapplied.shift()?.();
        return;
      case "notice":
        if (message.notice.code === "draining") this.draining = true;
        return;
      case undefined:
        throw brokenProtocol("an empty message came");
    }
  }

  #endBatch(step: number): void {
    const receiving = this.#receiving;
    this.#receiving = undefined;
    if (receiving === undefined) throw brokenProtocol("a batch ended that had not begun");
    const begun = receiving instanceof BatchReceiver ? receiving.begin.step : receiving.skipped;
    if (begun !== step) throw brokenProtocol(`step ${step} ended inside of step ${begun}`);
    this.#events.ended(step, receiving instanceof BatchReceiver ? (receiving.end() ?? "damaged") : "unneeded");
  }
}
