import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { serveLane, type LaneService } from "./served-lane.js";
import { Tickets } from "./tickets.js";

/** Connections without a ticket yet, beside the lanes that there may be. */
const WAITING_CONNECTIONS = 64;

export interface LaneListenerOptions extends Omit<LaneService, "tickets"> {
  /** Lanes that there may be at once. */
  readonly mostLanes: number;
  /** For how long a ticket is good. */
  readonly ticketMs: number;
  /** Absent: plain text. */
  readonly tls?: TlsOptions;
}

/** What OpenLane tells, but for the address. */
export interface LaneOffer {
  readonly ticket: Buffer;
  readonly ticketMs: number;
  readonly heartbeatMs: number;
}

/** Takes the connections of lanes. */
export class LaneListener implements AsyncDisposable {
  readonly server: Server;
  readonly #tickets: Tickets;
  readonly #options: LaneListenerOptions;
  readonly #sockets = new Set<Socket>();

  /** `server` is to be bound by the caller. */
  constructor(options: LaneListenerOptions) {
    this.#options = options;
    this.#tickets = new Tickets(options.ticketMs);
    const service = { ...options, tickets: this.#tickets };
    const serve = (socket: Socket) => serveLane(socket, service);
    this.server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
    this.server.maxConnections = options.mostLanes + WAITING_CONNECTIONS;
    this.server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {}); // Also before its handshake is over.
    });
  }

  /** Throws SERVER_BUSY where too many tickets are open. */
  offer(): LaneOffer {
    const { ticketMs, heartbeatMs } = this.#options;
    return { ticket: this.#tickets.issue(), ticketMs, heartbeatMs };
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
