import { MOST_DECISIONS } from "../../plan/batch/stage-timeline.js";
import { PatchstreamError } from "../../plan/errors.js";

/** What a server refuses beyond, so that no client can make it run out of memory. Clients read them in DescribeRun. */
export interface ServerLimits {
  /** Bytes of wanted but unsent batches on one stream; one batch alone may have more, up to `maxBatchBytes`. */
  readonly maxOutstandingBytes: number;
  readonly maxOutstandingSteps: number;
  readonly maxSpecBytes: number;
  readonly maxMessageBytes: number;
  readonly maxBatchBytes: number;
  /** Samples of one rank's batch. */
  readonly maxSamples: number;
  /** Stage reports on one stream that still matter. */
  readonly maxStageDecisions: number;
  readonly maxStreams: number;
  /** All ports of a host are one peer. */
  readonly maxStreamsOfOnePeer: number;
  /** Other calls in progress. */
  readonly maxCalls: number;
  readonly maxCallsOfOnePeer: number;
  /** Milliseconds for which a client may take nothing of what is on its way to it; then its call ends and its slots are free. */
  readonly maxStallMs: number;
  /** The same while others wait for memory. */
  readonly maxStallWhenNeededMs: number;
}

/** What a server's user may set of its limits. */
export interface LimitOptions {
  /** Bytes of wanted but unsent batches on one stream. Default 1 GiB. */
  readonly maxOutstandingBytes?: number;
  /** The same of all streams and calls of one client together (`clientOf`). Default: no limit. */
  readonly clientBytes?: number;
  /** Streams open at once. Default 256; one peer may have half of them. */
  readonly maxStreams?: number;
  /** Other calls in progress at once. Default 256; one peer may have half of them. */
  readonly maxCalls?: number;
  /** Milliseconds for which a client may take nothing of what is on its way to it; then its call ends. Default 10 minutes. */
  readonly maxStallMs?: number;
  /** The same while others wait for memory that batches take. Default 10 seconds. */
  readonly maxStallWhenNeededMs?: number;
}

/** Of one rank's batch. The paper's largest has 1575; the plan of ten times as many would keep all other calls waiting. */
export const MAX_SAMPLES = 8192;

/** The limits of a server whose slots hold batches of at most `maxBatchBytes`. */
export function serverLimits(options: LimitOptions, maxBatchBytes: number): ServerLimits {
  const {
    maxStreams = 256,
    maxCalls = 256,
    maxOutstandingBytes = 1 << 30,
    clientBytes = maxOutstandingBytes,
  } = options;
  return {
    maxOutstandingBytes: Math.min(maxOutstandingBytes, clientBytes),
    maxOutstandingSteps: 1024,
    maxBatchBytes,
    maxSamples: MAX_SAMPLES,
    maxStageDecisions: MOST_DECISIONS,
    maxSpecBytes: 1 << 20,
    maxMessageBytes: 4 << 20,
    maxStreams,
    maxStreamsOfOnePeer: Math.ceil(maxStreams / 2),
    maxCalls,
    maxCallsOfOnePeer: Math.ceil(maxCalls / 2),
    maxStallMs: options.maxStallMs ?? 10 * 60_000,
    maxStallWhenNeededMs: options.maxStallWhenNeededMs ?? 10_000,
  };
}

/** For how long a stream may be without its Start. */
export const START_TIMEOUT_MS = 10_000;

/** After how much silence both sides of a lane say that they live, and for how long its ticket is good. */
export const LANE_HEARTBEAT_MS = 10_000;
export const LANE_TICKET_MS = 10_000;

type LimitName = keyof ServerLimits;

/** A limit's name as in the .proto files. */
function protoName(name: LimitName): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Throws LIMIT_EXCEEDED when `got` is more than `limits[name]`: the same request is refused everywhere and always. */
export function checkLimit(limits: ServerLimits, name: LimitName, got: number): void {
  const max = limits[name];
  if (got > max) throw new PatchstreamError({ code: "LIMIT_EXCEEDED", limit: protoName(name), got, max });
}
