import type { ServerInterceptingCallInterface, ServerInterceptor } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import { toStatus } from "../status.js";
import { failedCall, type ServiceLog } from "./service-log.js";

/**
 * Ends a call whose requests may be compressed with UNIMPLEMENTED, before any of them is read: a small message may inflate to a
 * thousand times its size, and batches travel in the other direction. grpc-js (1.14, `server-interceptors.js`) removes the header
 * that says so from what an interceptor sees, but keeps its value here.
 */
export const refuseCompressed =
  (log: ServiceLog): ServerInterceptor =>
  (method, call) => {
    const { incomingEncoding } = call as ServerInterceptingCallInterface & { incomingEncoding: string };
    if (incomingEncoding !== "identity") {
      const what = `a request compressed with ${JSON.stringify(incomingEncoding.slice(0, 20))}`;
      const error = new PatchstreamError({ code: "UNSUPPORTED", what, want: "sent as it is" });
      log(failedCall(error, { method: method.path.split("/").at(-1) ?? "", peer: call.getPeer() }));
      call.sendStatus(toStatus(error));
    }
    // A call that has its status is over: grpc-js starts it no more.
    return call as never;
  };
