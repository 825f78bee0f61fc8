import type { MessagePort } from "node:worker_threads";
import type { Timeline } from "../../plan/batch/address.js";
import type { RunTensor } from "../../plan/batch/run-timeline.js";
import type { StageDecision, StageProposal } from "../../plan/batch/stage-timeline.js";
import type { ErrorFacts } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import type { DatasetInfo, FleetStanding, Preview, Region, RunInfo, StageChanged } from "../types.js";

/** A batch as it comes off the wire: verified, in memory of its own. */
export interface ReceivedBatch {
  readonly step: number;
  readonly stage: number;
  readonly globalBatch: number;
  readonly checksum: number;
  readonly tensors: readonly RunTensor[];
  readonly samples: Messages["Samples"];
  /** The tensors' bytes, end to end. */
  readonly buffer: ArrayBuffer;
  readonly carrier: Carrier;
  /** Milliseconds from its begin to its end. */
  readonly carriedMs: number;
  /** Of the server's time, where it says it. */
  readonly servedUs: number | undefined;
  /** It was cut for another client, too; false where the server does not say. */
  readonly isShared: boolean;
  /** Of the span of its want, where it is traced. */
  readonly traceparent?: string;
}

export interface BatchRequest {
  readonly spec: Uint8Array;
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage?: number;
  readonly rank: number;
  readonly ranks: number;
}

export interface PreviewRequest extends BatchRequest {
  readonly page?: number;
  readonly channel?: number;
}

export type VolumeKind = "image" | "label" | "reference";

/** A stream of batches as it is opened. */
export interface SessionRequest {
  readonly info: RunInfo;
  readonly timeline: Timeline;
  readonly rank: number;
  readonly ranks: number;
  readonly creditBatches: number;
  readonly creditBytes: number;
  readonly from: number;
  /** End, outside. */
  readonly to: number;
  readonly decisions: readonly StageDecision[];
  /** One shared cell that always holds the first step not wanted yet. */
  readonly firstUnwanted: Uint32Array;
}

/** A batch that is sent before it is asked for. */
export interface SentAhead {
  readonly batch: ReceivedBatch;
  /** The first step not wanted once this one is delivered. */
  readonly firstUnwanted: number;
}

export interface OpenedSession {
  readonly session: number;
  /**
   * Where the first undelivered batch is sent (`SentAhead`) as soon as it is there. It counts as delivered when the main thread says so
   * (`Delivered`), or takes it.
   */
  readonly ahead: MessagePort;
}

/** Tells a session that the batch of `delivered`, which was sent ahead, has been handed to who iterates. */
export interface Delivered {
  readonly session: number;
  readonly delivered: number;
}

/** What the main thread asks of the transport thread: arguments and answer of each call. */
export interface TransportCalls {
  fleet: { args: Record<string, never>; answer: FleetStanding };
  describeDataset: { args: Record<string, never>; answer: DatasetInfo };
  describeRun: { args: { spec: Uint8Array; ranks: number }; answer: RunInfo };
  getBatch: { args: BatchRequest; answer: ReceivedBatch };
  readCase: { args: { caseId: string; volume: VolumeKind; region?: Region }; answer: ArrayBuffer };
  readLocations: { args: { caseId: string; classValue: number; k: readonly number[] }; answer: Uint32Array };
  preview: { args: PreviewRequest; answer: Preview };
  openSession: { args: SessionRequest; answer: OpenedSession };
  /** The session's next batch, in step order. "ahead": it is the one of this step that was sent to `OpenedSession.ahead` last. */
  take: { args: { session: number; step: number }; answer: ReceivedBatch | "ahead" };
  changeStage: { args: { session: number; proposal: StageProposal }; answer: StageChanged };
  closeSession: { args: { session: number }; answer: undefined };
  /** Has the thread's OpenTelemetry SDK send what it holds. */
  flushTraces: { args: Record<string, never>; answer: undefined };
}

export type CallName = keyof TransportCalls;

export type ToThread =
  | { readonly id: number; readonly name: CallName; readonly args: unknown }
  | { readonly id: number; readonly cancel: true }
  | Delivered;

export type FromThread =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: SentFailure };

/** A PatchstreamError between threads, whose classes do not survive the trip. */
export interface SentFailure {
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;
}
