import { PatchstreamError } from "../../plan/errors.js";

/** What a server refuses beyond, so that no client can make it run out of memory. Clients read them in DescribeRun. */
export interface ServerLimits {
  /** Bytes of wanted but unsent batches on one stream; one batch alone may have more, up to `maxBatchBytes`. */
  readonly maxOutstandingBytes: number;
  readonly maxOutstandingSteps: number;
  readonly maxSpecBytes: number;
  readonly maxMessageBytes: number;
  readonly maxBatchBytes: number;
  readonly maxStreams: number;
  /** Milliseconds for which a client may take nothing of what is on its way to it; then its call ends and its slots are free. */
  readonly maxStallMs: number;
}

export const DEFAULT_LIMITS = {
  maxOutstandingBytes: 1 << 30,
  maxOutstandingSteps: 1024,
  maxSpecBytes: 1 << 20,
  maxMessageBytes: 4 << 20,
  maxStreams: 256,
  maxStallMs: 10 * 60_000,
} as const;

/** Calls but streams in progress at once. */
export const MAX_CALLS = 256;

/** For how long a client may take nothing of what is on its way to it while others wait for memory. */
export const MAX_STALL_WHEN_NEEDED_MS = 10_000;

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
