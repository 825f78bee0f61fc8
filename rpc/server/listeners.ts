import type { Server } from "@grpc/grpc-js";

/** grpc-js (1.14, `server.js`) offers no way to see connections, but keeps Node's servers here. */
type WithServers = { readonly http2Servers: ReadonlyMap<NodeJS.EventEmitter, unknown> };

/** Node's servers in a grpc-js server that is bound. */
export function listenersOf(server: Server): Iterable<NodeJS.EventEmitter> {
  return (server as unknown as WithServers).http2Servers.keys();
}
