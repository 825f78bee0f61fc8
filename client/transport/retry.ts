import type { ServiceError } from "@grpc/grpc-js";
import type { ErrorCode, PatchstreamError } from "../../plan/errors.js";
import { failureOf } from "../../rpc/status.js";

/**
 * What to do about a failed call. `later`: ask elsewhere, or here again when some time has passed. `elsewhere`: ask others; this
 * server will say the same. `again`: what was sent or received was damaged: the same call at once, over a new connection. `never`:
 * it fails everywhere and always.
 */
export type NextTry = "later" | "elsewhere" | "again" | "never";

/** What is wrong with a call on our side, found without a server; and a proxy's refusal. */
const OURS = new Set<ErrorCode>([
  "UNAUTHENTICATED",
  "NOT_FOUND",
  "SPEC_INVALID",
  "REQUEST_INVALID",
  "STEP_UNKNOWN",
  "STAGE_UNKNOWN",
]);

/** `failureOf` says what the server said, in the call that failed; what it did not say is told from the code. */
export function nextTry(error: PatchstreamError): NextTry {
  const wire = error.cause as ServiceError | undefined;
  const said = wire && failureOf(wire);
  switch (said?.retry) {
    case "RETRY_NEVER":
      return "never";
    case "RETRY_AGAIN":
      return "again";
    case "RETRY_ELSEWHERE":
      return isPassing(error) ? "later" : "elsewhere";
  }
  if (isPassing(error)) return "later";
  if (OURS.has(error.code)) return "never";
  // What we find ourselves in an answer is damage, and so is a status that no server of ours has sent: it is a proxy's, or what
  // damage on the way makes of a call.
  return "again";
}

/** True for a state of the server that ends by itself. */
function isPassing({ code }: PatchstreamError): boolean {
  return code === "UNAVAILABLE" || code === "WORKER_DIED" || code === "DEADLINE" || code === "SERVER_BUSY";
}
