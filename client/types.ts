import type { Timeline } from "../plan/sampling/batch-plan.js";
import type { ImageType, LabelType, ResolvedSpec } from "../plan/spec.js";
import type { Zyx } from "../plan/zyx.js";

/** A tensor as received; the memory is this batch's own (never shared, safe to keep or transfer). */
export interface Tensor<Type extends string> {
  readonly type: Type;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** One rank's share of a batch, verified and in step order. */
export interface Batch {
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage: number;
  readonly patchSize: Zyx;
  /** Samples over all ranks. */
  readonly globalBatch: number;
  /** (B,C,Z,Y,X), or (B,Z,Y,X,C) when the spec says channels-last. */
  readonly image: Tensor<ImageType>;
  /** (B,Z,Y,X). */
  readonly label: Tensor<LabelType>;
  /** CRC-32 over image bytes, then label bytes. */
  readonly checksum: number;
  /** Milliseconds that the caller's `next()` waited for this batch. */
  readonly waitedMs: number;
}

/** What a server says of a run. */
export interface RunInfo {
  readonly spec: ResolvedSpec;
  /** SHA-256 (hex) of the resolved spec's canonical bytes. */
  readonly digest: string;
  /** Bytes of a global batch's tensors, of each stage. */
  readonly batchBytes: readonly number[];
  readonly limits: {
    readonly maxOutstandingBytes: number;
    readonly maxSpecBytes: number;
    readonly maxMessageBytes: number;
  };
}

/** A stage that holds from a step on. */
export interface StageDecision {
  readonly stage: number;
  readonly fromStep: number;
  /** Why, as the trainer says it: scheduled, manual, plateau, ... */
  readonly reason: string;
}

/** One rank's stream of one run. Disposing it ends the stream and frees what it held. */
export interface Run extends AsyncDisposable {
  readonly info: RunInfo;
  /** The first step not wanted yet: a stage from there on makes no bubble and throws nothing away. */
  readonly firstUnwanted: number;
  /**
   * Batches in step order from `from` (default 0) to before `to` (default: the end of the schedule), each exactly once,
   * across reconnects and replicas. `decisions` replays a stage timeline on resume.
   */
  batches(range?: { from?: number; to?: number; decisions?: readonly StageDecision[] }): AsyncIterableIterator<Batch>;
  /**
   * Announces a stage from `fromStep` on (default: the first step not wanted yet; "immediate": the first not delivered).
   * Resolves when the server has applied it. Throws STEP_PASSED for a step that was delivered.
   */
  changeStage(change: { stage: number; fromStep?: number | "immediate"; reason: string }): Promise<StageDecision>;
}
