import { type AddressInfo, createServer, type ListenOptions as NetListenOptions, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Messages } from "../../proto/messages.js";
import { cannotListen, checkHostAndPort } from "../server/host-and-port.js";
import { type ListenOptions, readPem, type ServerTls } from "../server/listen.js";
import { bindUnixSocket } from "../server/unix-socket.js";
import { unixPath } from "../unix-path.js";
import { LANE_SUFFIX } from "./lane-frame.js";
import { type LaneService, serveLane } from "./served-lane.js";
import { Tickets } from "./tickets.js";

/** Connections without a ticket yet, beside the lanes that there may be. */
const WAITING_CONNECTIONS = 64;

export interface LaneListenerOptions
  extends Omit<LaneService, "tickets">,
    Pick<ListenOptions, "host" | "port" | "listen" | "tls"> {
  /** Lanes that there may be at once. */
  readonly mostLanes: number;
  /** For how long a ticket is good. */
  readonly ticketMs: number;
}

/**
 * Listens for lanes where gRPC listens, with its certificates: at a port of the same host, or at the path of its Unix socket with
 * `LANE_SUFFIX` behind it. Throws as `listen` does.
 */
export async function listenForLanes(options: LaneListenerOptions): Promise<LaneListener> {
  const { host = "127.0.0.1", port = 0, listen, tls } = options;
  if (listen !== undefined) {
    const path = unixPath(listen, "listen");
    const listener = new LaneListener({ peerName: `unix:${path}`, ...options }, undefined);
    listener.socket = await bindUnixSocket(`${path}${LANE_SUFFIX}`, (first) => bind(listener.server, { path: first }));
    return listener;
  }
  checkHostAndPort({ host, port }, { host: "host", port: "lanePort" });
  const listener = new LaneListener(options, tls && tlsOptions(tls));
  await bind(listener.server, { host, port }).catch((error: Error) => {
    throw cannotListen(host, port, error);
  });
  return listener;
}

function bind(server: Server, place: NetListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(place, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function tlsOptions({ cert, key, ca }: ServerTls): TlsOptions {
  return {
    cert: readPem(cert),
    key: readPem(key),
    ...(ca !== undefined && { ca: readPem(ca), requestCert: true, rejectUnauthorized: true }),
  };
}

/** Takes the connections of lanes. */
export class LaneListener implements AsyncDisposable {
  readonly server: Server;
  /** The file of a Unix socket. */
  socket: Disposable | undefined;
  readonly #tickets: Tickets;
  readonly #options: LaneListenerOptions;
  readonly #sockets = new Set<Socket>();

  constructor(options: LaneListenerOptions, tls: TlsOptions | undefined) {
    this.#options = options;
    this.#tickets = new Tickets(options.ticketMs);
    const service = { ...options, tickets: this.#tickets };
    const serve = (socket: Socket) => serveLane(socket, service);
    this.server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.server.maxConnections = options.mostLanes + WAITING_CONNECTIONS;
    this.server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {}); // Also before its handshake is over.
    });
  }

  /** The port; 0 for a Unix socket. */
  get port(): number {
    return (this.server.address() as Partial<AddressInfo> | null)?.port ?? 0;
  }

  /** Throws SERVER_BUSY where too many tickets are open. */
  offer(): Messages["OpenLaneResponse"] {
    const { ticketMs, heartbeatMs } = this.#options;
    return { port: this.port, ticket: this.#tickets.issue(), ticketMs, heartbeatMs };
  }

  /** Takes no more connections; resolves when the lanes that are open are over. */
  close(): Promise<void> {
    this.socket?.[Symbol.dispose]();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Ends the lanes that are open at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
