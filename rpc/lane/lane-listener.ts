import {
  type AddressInfo,
  createServer,
  type ListenOptions as NetListenOptions,
  type Server,
  type Socket,
} from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Messages } from "../../proto/messages.js";
import type { Caller } from "../server/caller.js";
import { logHandshakes } from "../server/handshakes.js";
import { bracketed, cannotListen, checkHostAndPort } from "../server/host-and-port.js";
import type { ListenOptions } from "../server/listen.js";
import type { ServedCertificates } from "../server/served-certificates.js";
import { serviceLog } from "../server/service-log.js";
import { bindUnixSocket } from "../server/unix-socket.js";
import { unixPath } from "../unix-path.js";
import { LANE_SUFFIX } from "./lane-frame.js";
import { type LaneService, serveLane } from "./served-lane.js";
import { Tickets } from "./tickets.js";

/** Connections without a ticket yet, beside the lanes that there may be. */
const WAITING_CONNECTIONS = 64;

export interface LaneListenerOptions
  extends Omit<LaneService, "tickets" | "peerName">,
    Pick<ListenOptions, "host" | "port" | "listen" | "logger"> {
  /** Those of gRPC's listener; absent: plain text. */
  readonly certificates?: ServedCertificates | undefined;
  /** Lanes that there may be at once. */
  readonly mostLanes: number;
  /** For how long a ticket is good. */
  readonly ticketMs: number;
}

/** Takes the connections of lanes. Disposing it ends those that are open at once. */
export interface LaneListener extends AsyncDisposable {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** A ticket for who has called. Throws SERVER_BUSY where too many are open. */
  offer(caller: Caller): Messages["OpenLaneResponse"];
  /** Takes no more connections; resolves when the lanes that are open are over. */
  close(): Promise<void>;
}

/** Where a listener was bound. */
interface Bound {
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** The file of a Unix socket. */
  readonly file?: Disposable;
}

/**
 * Listens for lanes where gRPC listens, with its certificates: at a port of the same host, or at the path of its Unix socket with
 * `LANE_SUFFIX` behind it. Throws as `listen` does.
 */
export async function listenForLanes(options: LaneListenerOptions): Promise<LaneListener> {
  const { listen, certificates, logger, mostLanes, ticketMs, heartbeatMs } = options;
  const tickets = new Tickets(ticketMs);
  const service = {
    ...options,
    tickets,
    ...(listen !== undefined && { peerName: `unix:${unixPath(listen, "listen")}` }),
  };
  const serve = (socket: Socket) => serveLane(socket, service);
  const server = certificates === undefined ? createServer(serve) : createTlsServer(tlsOptions(certificates), serve);
  certificates?.keep([server]);
  logHandshakes([server], serviceLog(logger));
  server.maxConnections = mostLanes + WAITING_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // Also before its handshake is over.
  });
  const { address, port, file } = await (listen === undefined ? bindPort(server, options) : bindPath(server, listen));
  const close = () => {
    file?.[Symbol.dispose]();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    address,
    offer: (caller) => ({ port, ticket: tickets.issue(caller), ticketMs, heartbeatMs }),
    close,
    async [Symbol.asyncDispose]() {
      const closed = close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function bindPort(server: Server, { host = "127.0.0.1", port = 0 }: ListenOptions): Promise<Bound> {
  checkHostAndPort({ host, port }, { host: "host", port: "lanePort" });
  await bind(server, { host, port }).catch((error: Error) => {
    throw cannotListen(host, port, error);
  });
  const bound = (server.address() as AddressInfo).port;
  return { address: `${bracketed(host)}:${bound}`, port: bound };
}

async function bindPath(server: Server, listen: string): Promise<Bound> {
  const path = `${unixPath(listen, "listen")}${LANE_SUFFIX}`;
  const file = await bindUnixSocket(path, (first) => bind(server, { path: first }));
  return { address: `unix:${path}`, port: 0, file };
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

function tlsOptions({ pem: { cert, key, ca } }: ServedCertificates): TlsOptions {
  return { cert, key, ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }) };
}
