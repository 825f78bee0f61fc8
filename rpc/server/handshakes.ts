import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ServiceLog } from "./service-log.js";

/** Logs TLS connections to `listeners`, Node's servers, that were not made. */
export function logHandshakes(listeners: Iterable<NodeJS.EventEmitter>, log: ServiceLog): void {
  for (const listener of listeners) {
    // An address is known only as long as the connection lives, unless it was asked for before.
    listener.on("connection", (socket: Socket) => void socket.remoteAddress);
    listener.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket & { readonly _parent?: Socket }) => {
      const { remoteAddress, remotePort } = socket._parent ?? socket;
      const peer = `${remoteAddress ?? "unknown"}:${remotePort ?? 0}`;
      const refused = socket.authorizationError as unknown; // a code, whatever @types/node says
      const reason = refused ? String(refused) : error.code;
      if (reason === undefined || reason === "ECONNRESET") log({ event: "handshake-cut", peer });
      else log({ event: "handshake-refused", peer, reason });
    });
  }
}
