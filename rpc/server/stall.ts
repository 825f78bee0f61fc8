import { constants, type ServerHttp2Stream } from "node:http2";
import { PatchstreamError } from "../../plan/errors.js";

/** For how long a peer may take nothing of what is on its way to it. */
export interface StallLimits {
  readonly maxStallMs: number;
  /** A shorter limit for while others wait for what the peer's call holds. */
  readonly whenNeeded?: { readonly maxStallMs: number; isNeeded(): boolean };
}

/**
 * Sends as `send` does, and tells `onStall` when messages were on their way for as long as `limits` allow and the peer took none of
 * them: keepalive does not notice a peer that answers pings and reads nothing.
 */
export function watchStalls<Message>(
  send: (message: Message) => Promise<void>,
  { maxStallMs, whenNeeded }: StallLimits,
  onStall: (error: PatchstreamError) => void,
): (message: Message) => Promise<void> {
  const shortestMs = Math.min(maxStallMs, whenNeeded?.maxStallMs ?? maxStallMs);
  let onTheWay = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const got = Math.ceil(performance.now() - since);
    if (got >= maxStallMs)
      return onStall(new PatchstreamError({ code: "LIMIT_EXCEEDED", limit: "max_stall_ms", got, max: maxStallMs }));
    if (whenNeeded !== undefined && got >= whenNeeded.maxStallMs && whenNeeded.isNeeded()) {
      const limit = "max_stall_when_needed_ms";
      return onStall(new PatchstreamError({ code: "SERVER_BUSY", limit, got, max: whenNeeded.maxStallMs }));
    }
    timer = setTimeout(look, got < shortestMs ? shortestMs - got : Math.min(shortestMs, maxStallMs - got));
  };
  return async (message) => {
    if (onTheWay === 0) {
      since = performance.now();
      timer = setTimeout(look, shortestMs);
    }
    onTheWay++;
    try {
      await send(message);
    } finally {
      onTheWay--;
      since = performance.now();
      if (onTheWay > 0) timer?.refresh();
      else clearTimeout(timer);
    }
  };
}

/**
 * Closes a server's call at once and throws away what is on its way; the client sees RESOURCE_EXHAUSTED. A status of our own
 * would wait behind what the peer does not read. grpc-js (1.14, `server-interceptors.js`) offers no way to do this, but keeps
 * the call's HTTP/2 stream here.
 */
export function resetCall(call: object): void {
  (call as { call: { stream: ServerHttp2Stream } }).call.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
