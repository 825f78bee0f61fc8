import { constants, type ServerHttp2Stream } from "node:http2";

/**
 * Sends as `send` does, and tells `onStall` when messages were on their way for `maxStallMs` and the peer took none of them:
 * keepalive does not notice a peer that answers pings and reads nothing.
 */
export function watchStalls<Message>(
  send: (message: Message) => Promise<void>,
  maxStallMs: number,
  onStall: (stalledMs: number) => void,
): (message: Message) => Promise<void> {
  let onTheWay = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const stall = () => onStall(Math.ceil(performance.now() - since));
  return async (message) => {
    if (onTheWay === 0) {
      since = performance.now();
      timer = setTimeout(stall, maxStallMs);
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
