import type { Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import { listenersOf } from "./listeners.js";

/**
 * Names the peers of a server that listens on a Unix socket by the socket's address: they have none of their own, and gRPC would call
 * them "unknown". For a server that is bound.
 */
export function nameUnixPeers(server: Server, address: string): void {
  for (const listener of listenersOf(server))
    listener.on("connection", (socket: Socket) => Object.defineProperty(socket, "remoteAddress", { value: address }));
}
