import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Messages } from "../../proto/messages.js";
import { cannotListen } from "../server/host-and-port.js";
import { type ListenOptions, readPem, type ServerTls } from "../server/listen.js";
import { type LaneService, serveLane } from "./served-lane.js";
import { Tickets } from "./tickets.js";

/** Connections without a ticket yet, beside the lanes that there may be. */
const WAITING_CONNECTIONS = 64;

export interface LaneListenerOptions
  extends Omit<LaneService, "tickets">,
    Pick<ListenOptions, "host" | "port" | "tls"> {
  /** Lanes that there may be at once. */
  readonly mostLanes: number;
  /** For how long a ticket is good. */
  readonly ticketMs: number;
}

/** Listens for lanes, on the host where gRPC listens and with its certificates. */
export async function listenForLanes(options: LaneListenerOptions): Promise<LaneListener> {
  const { host = "127.0.0.1", port = 0, tls } = options;
  const listener = new LaneListener(options, tls && tlsOptions(tls));
  await new Promise<void>((resolve, reject) => {
    listener.server.once("error", (error) => reject(cannotListen(host, port, error)));
    listener.server.listen({ host, port }, resolve);
  });
  return listener;
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
    return (this.server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Throws SERVER_BUSY where too many tickets are open. */
  offer(): Messages["OpenLaneResponse"] {
    const { ticketMs, heartbeatMs } = this.#options;
    return { port: this.port, ticket: this.#tickets.issue(), ticketMs, heartbeatMs };
  }

  /** Takes no more connections; resolves when the lanes that are open are over. */
  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Ends the lanes that are open at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
