import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Server } from "@grpc/grpc-js";
import type { ServiceLog } from "./service-log.js";

/** grpc-js (1.14, `server.js`) offers no way to see handshakes that fail, but keeps Node's servers here. */
type WithServers = { readonly http2Servers: ReadonlyMap<NodeJS.EventEmitter, unknown> };

/** Logs TLS connections that were not made. For a server that is bound. */
export function logHandshakes(server: Server, log: ServiceLog): void {
  for (const listener of (server as unknown as WithServers).http2Servers.keys()) {
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
