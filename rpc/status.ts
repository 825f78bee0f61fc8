import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, type ErrorFacts, PatchstreamError } from "../plan/errors.js";

/** One code, one gRPC status; a new code fails to compile until it stands here. */
export const STATUS_OF: Readonly<Record<ErrorCode, status>> = {
  SPEC_INVALID: status.INVALID_ARGUMENT,
  REQUEST_INVALID: status.INVALID_ARGUMENT,
  STAGE_UNKNOWN: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  RECIPE_UNKNOWN: status.FAILED_PRECONDITION,
  STEP_PASSED: status.FAILED_PRECONDITION,
  INPUT_DAMAGED: status.FAILED_PRECONDITION,
  ENGINE_MISSING: status.FAILED_PRECONDITION,
  LIMIT_EXCEEDED: status.RESOURCE_EXHAUSTED,
  STORE_DAMAGED: status.DATA_LOSS,
  BATCH_DAMAGED: status.DATA_LOSS,
  MESSAGE_DAMAGED: status.DATA_LOSS,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  STEP_UNKNOWN: status.INVALID_ARGUMENT,
  WORKER_DIED: status.UNAVAILABLE,
  PROCESS_DIED: status.UNAVAILABLE,
  PATCH_MISMATCH: status.INTERNAL,
  LOSS_NOT_FINITE: status.ABORTED,
  TRAINING_ENDED: status.ABORTED,
  WRITE_FAILED: status.INTERNAL,
  INTERNAL: status.INTERNAL,
};

const FACTS_KEY = "patchstream-error-bin";
const LONGEST_TEXT = 400;
const LONGEST_LIST = 16;

/** JSON of at most a few kilobytes, whatever a hostile request put into the facts: trailing metadata must stay below 8 KiB. */
function boundedJson(error: PatchstreamError): string {
  const shorten = (value: unknown): unknown => {
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (typeof value === "string" && value.length > LONGEST_TEXT) return `${value.slice(0, LONGEST_TEXT)}...`;
    if (Array.isArray(value) && value.length > LONGEST_LIST) {
      const rest = `... ${value.length - LONGEST_LIST} more`;
      return [...value.slice(0, LONGEST_LIST), rest].map(shorten);
    }
    if (Array.isArray(value)) return value.map(shorten);
    if (typeof value === "object" && value !== null) return shorten(JSON.stringify(value) ?? "");
    return value;
  };
  const facts = Object.fromEntries(Object.entries(error.facts).map(([name, value]) => [name, shorten(value)]));
  const whole = JSON.stringify({ facts, hint: error.hint && shorten(error.hint) });
  if (Buffer.byteLength(whole) <= 4096) return whole;
  const reason = shorten(error.message);
  return JSON.stringify({ facts: { code: "INTERNAL", where: error.code, reason } });
}

/** grpc-js percent-encodes the details with encodeURI, which throws on half a surrogate pair. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** What goes on the wire for a failure. Anything that is not a PatchstreamError is INTERNAL, its stack stays here. */
export function toStatus(error: unknown): StatusObject {
  const known =
    error instanceof PatchstreamError
      ? error
      : new PatchstreamError({
          code: "INTERNAL",
          where: "server",
          reason: error instanceof Error ? error.message : String(error),
        });
  const metadata = new Metadata();
  metadata.set(FACTS_KEY, Buffer.from(boundedJson(known)));
  return { code: STATUS_OF[known.code], details: wellFormed(known.message.slice(0, 2 * LONGEST_TEXT)), metadata };
}

/** True when the peer itself said what is wrong, so that asking another replica may not help. */
export function carriesFacts(failure: ServiceError): boolean {
  return (failure.metadata?.get(FACTS_KEY).length ?? 0) > 0;
}

/** Where a call went, for the messages of its failures. */
export interface Called {
  readonly address: string;
  readonly method: string;
  readonly timeoutMs?: number;
}

/** The typed failure of a call: the peer's own facts where it sent them, else what the status says. */
export function fromStatus(failure: ServiceError, { address, method, timeoutMs }: Called): PatchstreamError {
  const [sent] = failure.metadata?.get(FACTS_KEY) ?? [];
  if (sent !== undefined) {
    try {
      const { facts, hint } = JSON.parse(sent.toString()) as { facts: ErrorFacts; hint?: string };
      if (Object.hasOwn(STATUS_OF, facts.code)) return new PatchstreamError(facts, hint, { cause: failure });
    } catch {
      // Facts that do not parse say less than the status itself, which follows.
    }
  }
  const where = `${method} at ${address}`;
  const reason = `${failure.details || failure.message} (${status[failure.code] ?? failure.code})`;
  const facts: ErrorFacts = (() => {
    switch (failure.code) {
      case status.DEADLINE_EXCEEDED:
        return { code: "DEADLINE", waitedFor: where, timeoutMs: timeoutMs ?? 0 };
      case status.UNAUTHENTICATED:
      case status.PERMISSION_DENIED:
        return { code: "UNAUTHENTICATED", reason };
      case status.UNAVAILABLE:
      case status.CANCELLED:
        return { code: "UNAVAILABLE", address, reason };
      default:
        return { code: "INTERNAL", where, reason };
    }
  })();
  return new PatchstreamError(facts, undefined, { cause: failure });
}
