import type { ServiceError } from "@grpc/grpc-js";
import type { PatchstreamError } from "../../plan/errors.js";
import { carriesFacts } from "../../rpc/status.js";

/**
 * What to do about a failed call. `later`: ask elsewhere, or here again when some time has passed. `elsewhere`: ask others; this
 * server will say the same. `again`: what was sent or received was damaged: the same call at once, over a new connection. `never`:
 * it fails everywhere and always.
 */
export type NextTry = "later" | "elsewhere" | "again" | "never";

export function nextTry(error: PatchstreamError): NextTry {
  const wire = error.cause as ServiceError | undefined;
  switch (error.code) {
    case "UNAVAILABLE":
    case "WORKER_DIED":
    case "DEADLINE":
      return "later";
    case "STORE_DAMAGED":
    case "RECIPE_UNKNOWN":
      return "elsewhere";
    case "MESSAGE_DAMAGED":
    case "BATCH_DAMAGED":
      return "again";
    case "UNAUTHENTICATED":
    case "NOT_FOUND":
      return "never";
    default:
      // A status that no server of ours has sent: a proxy's, or what damage on the way makes of a call. What we find ourselves in
      // an answer is damage, too.
      return wire !== undefined && carriesFacts(wire) ? "never" : "again";
  }
}
