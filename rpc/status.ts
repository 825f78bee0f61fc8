import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, type ErrorFacts, PatchstreamError } from "../plan/errors.js";
import type { Messages } from "../proto/messages.js";
import { codec } from "./codec/codec.js";
import { ERROR_INFO, encodeErrorInfo, encodeStatus, findDetail } from "./google-status.js";
import { receivedFacts } from "./received-facts.js";

/** Whether another attempt can help, as the wire has it. */
export type Retry = Messages["Failure"]["retry"];

/** One code, one gRPC status; a new code fails to compile until it stands here. */
export const STATUS_OF: Readonly<Record<ErrorCode, status>> = {
  SPEC_INVALID: status.INVALID_ARGUMENT,
  REQUEST_INVALID: status.INVALID_ARGUMENT,
  STAGE_UNKNOWN: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  UNSUPPORTED: status.UNIMPLEMENTED,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  DATASET_CHANGED: status.ABORTED,
  RECIPE_UNKNOWN: status.FAILED_PRECONDITION,
  STEP_PASSED: status.FAILED_PRECONDITION,
  INPUT_DAMAGED: status.FAILED_PRECONDITION,
  ENGINE_MISSING: status.FAILED_PRECONDITION,
  LIMIT_EXCEEDED: status.RESOURCE_EXHAUSTED,
  SERVER_BUSY: status.RESOURCE_EXHAUSTED,
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

/**
 * Whether another attempt at a call that failed with a code can help; a limit is one of the request's (never) or of how busy the
 * server is (elsewhere).
 */
export const RETRY_OF: Readonly<Record<ErrorCode, Retry>> = {
  SPEC_INVALID: "RETRY_NEVER",
  REQUEST_INVALID: "RETRY_NEVER",
  STAGE_UNKNOWN: "RETRY_NEVER",
  UNAUTHENTICATED: "RETRY_NEVER",
  UNSUPPORTED: "RETRY_NEVER",
  NOT_FOUND: "RETRY_NEVER",
  ALREADY_EXISTS: "RETRY_NEVER",
  DATASET_CHANGED: "RETRY_NEVER",
  RECIPE_UNKNOWN: "RETRY_ELSEWHERE",
  STEP_PASSED: "RETRY_NEVER",
  INPUT_DAMAGED: "RETRY_NEVER",
  ENGINE_MISSING: "RETRY_NEVER",
  LIMIT_EXCEEDED: "RETRY_NEVER",
  SERVER_BUSY: "RETRY_ELSEWHERE",
  STORE_DAMAGED: "RETRY_ELSEWHERE",
  BATCH_DAMAGED: "RETRY_ELSEWHERE",
  MESSAGE_DAMAGED: "RETRY_AGAIN",
  UNAVAILABLE: "RETRY_ELSEWHERE",
  DEADLINE: "RETRY_ELSEWHERE",
  STEP_UNKNOWN: "RETRY_NEVER",
  WORKER_DIED: "RETRY_ELSEWHERE",
  PROCESS_DIED: "RETRY_ELSEWHERE",
  PATCH_MISMATCH: "RETRY_NEVER",
  LOSS_NOT_FINITE: "RETRY_NEVER",
  TRAINING_ENDED: "RETRY_NEVER",
  WRITE_FAILED: "RETRY_NEVER",
  INTERNAL: "RETRY_NEVER",
};

/** gRPC's own place for a google.rpc.Status: what `Details()` of other languages reads. */
const DETAILS_KEY = "grpc-status-details-bin";
const FAILURE = "patchstream.v1.Failure";

/** Bounds of what a failure repeats of the request: texts in characters, lists in entries. */
interface Bounds {
  readonly text: number;
  readonly list: number;
}

/** Trailing metadata must stay below 8 KiB, beyond which gRPC's peers drop it: this holds the facts twice, and in base64. */
const MOST_FACTS_BYTES = 1600;
const BOUNDS: readonly Bounds[] = [
  { text: 400, list: 16 },
  { text: 60, list: 4 },
];
/** Bytes of the status message, percent-encoded. */
const MOST_MESSAGE_BYTES = 1200;
const LONGEST_HINT = 300;

/** Half a surrogate pair is replaced: encodeURI, with which grpc-js encodes a status message, throws on it, and protobuf forbids it. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function shorten(value: unknown, bounds: Bounds): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "string")
    return value.length > bounds.text ? `${wellFormed(value.slice(0, bounds.text))}...` : wellFormed(value);
  if (Array.isArray(value)) {
    const rest = value.length - bounds.list;
    return [...value.slice(0, bounds.list), ...(rest > 0 ? [`... ${rest} more`] : [])].map((entry) =>
      shorten(entry, bounds),
    );
  }
  if (typeof value === "object" && value !== null) return shorten(JSON.stringify(value) ?? "", bounds);
  return value;
}

/** The facts in at most `MOST_FACTS_BYTES` of JSON, whatever a hostile request put into them. */
function boundedFacts({ facts, code, message }: PatchstreamError): Readonly<Record<string, unknown>> {
  const tries = BOUNDS.map((bounds) =>
    Object.fromEntries(
      Object.entries(facts)
        .map(([name, value]) => [name, shorten(value, bounds)])
        .filter(([, value]) => value !== undefined),
    ),
  );
  const small = tries.find((entries) => Buffer.byteLength(JSON.stringify(entries)) <= MOST_FACTS_BYTES);
  return small ?? { code: "INTERNAL", where: code, reason: wellFormed(message.slice(0, 100)) };
}

/** The message, cut where its percent-encoding becomes too long. */
function boundedMessage(message: string): string {
  let bytes = 0;
  let text = "";
  for (const character of wellFormed(message.slice(0, MOST_MESSAGE_BYTES))) {
    bytes += encodeURI(character).length;
    if (bytes > MOST_MESSAGE_BYTES) return `${text}...`;
    text += character;
  }
  return text;
}

/** What goes on the wire for a failure: docs/reference/errors.md. Anything that is not a PatchstreamError is INTERNAL, its stack stays here. */
export function toStatus(error: unknown): StatusObject {
  const known =
    error instanceof PatchstreamError
      ? error
      : new PatchstreamError({
          code: "INTERNAL",
          where: "server",
          reason: error instanceof Error ? error.message : String(error),
        });
  const code = STATUS_OF[known.code];
  const message = boundedMessage(known.message);
  const { code: reason, ...facts } = boundedFacts(known);
  const metadata = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const failure = {
    code: String(reason),
    facts: JSON.stringify({ code: reason, ...facts }),
    hint: wellFormed((known.hint ?? "").slice(0, LONGEST_HINT)),
    retry: RETRY_OF[known.code],
  };
  const details = [
    { type: ERROR_INFO, value: encodeErrorInfo({ reason: failure.code, domain: "patchstream", metadata }) },
    { type: FAILURE, value: codec("Failure").encode(failure) },
  ];
  const trailers = new Metadata();
  trailers.set(DETAILS_KEY, encodeStatus({ code, message, details }));
  return { code, details: message, metadata: trailers };
}

/** What the peer itself said of a call that failed; undefined where it said nothing that can be read. */
export function failureOf(failure: ServiceError): Messages["Failure"] | undefined {
  const [sent] = failure.metadata?.get(DETAILS_KEY) ?? [];
  if (!(sent instanceof Uint8Array)) return undefined;
  try {
    const detail = findDetail(sent, FAILURE);
    return detail && codec("Failure").decode(detail);
  } catch {
    return undefined; // Details that cannot be read say less than the status itself.
  }
}

/** True when the peer itself said what is wrong: `failureOf` says whether asking another replica may help. */
export function carriesFacts(failure: ServiceError): boolean {
  return failureOf(failure) !== undefined;
}

/** Where a call went, for the messages of its failures. */
export interface Called {
  readonly address: string;
  readonly method: string;
  readonly timeoutMs?: number;
}

/** The typed failure of a call: the peer's own facts where it sent them, else what the status says. */
export function fromStatus(failure: ServiceError, { address, method, timeoutMs }: Called): PatchstreamError {
  const said = failureOf(failure);
  const sent = said && receivedFacts(said.facts);
  if (sent !== undefined)
    return new PatchstreamError(sent, said?.hint === "" ? undefined : said?.hint, { cause: failure });
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
      case status.UNIMPLEMENTED:
        return {
          code: "UNSUPPORTED",
          what: where,
          want: "a call that this server knows: is it older than this client, or a trainer where a data server is meant, or the other way round?",
        };
      default:
        return { code: "INTERNAL", where, reason };
    }
  })();
  return new PatchstreamError(facts, undefined, { cause: failure });
}
