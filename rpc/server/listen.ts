import { isIP } from "node:net";
import { type Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import { unixPath } from "../unix-path.js";
import type { ClientLimitOptions } from "./client-limits.js";
import { logHandshakes } from "./handshakes.js";
import { bracketed, cannotListen, checkHostAndPort } from "./host-and-port.js";
import { listenersOf } from "./listeners.js";
import { refuseCompressed } from "./refuse-compressed.js";
import { ServedCertificates, type ServedPem } from "./served-certificates.js";
import { type ServiceLog, type ServiceLogger, serviceLog } from "./service-log.js";
import { type TokenOptions, wantsToken } from "./token-file.js";
import { nameUnixPeers } from "./unix-peers.js";
import { bindUnixSocket } from "./unix-socket.js";

/** PEM files of a server, read again when they change. With `ca`, clients must show a certificate that it signed (mTLS). */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Where a server listens, and who may call it. */
export interface ListenOptions extends TokenOptions, ClientLimitOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /**
   * `unix:/path` of a socket to listen on instead of host and port, for processes of the same user (and root): its file's permissions stand in
   * for TLS.
   */
  readonly listen?: string;
  readonly tls?: ServerTls;
  /** Serve others than this machine without TLS. */
  readonly insecure?: boolean;
  /** File that gets a line for every call (`audit-log.ts`). Absent: none. */
  readonly auditLog?: string;
  /** Takes the service's log, such as one of pino's. Absent: there is none. */
  readonly logger?: ServiceLogger;
}

/** Bytes of a request message, unless a server says otherwise. */
export const MAX_MESSAGE_BYTES = 4 << 20;

/** grpc-js's options of a server that takes request messages of so many bytes and so many calls at once from one connection. */
export function serverOptions({
  maxMessageBytes = MAX_MESSAGE_BYTES,
  callsOfConnection = 1024,
  log = serviceLog(undefined),
}: {
  maxMessageBytes?: number;
  callsOfConnection?: number;
  log?: ServiceLog;
} = {}): ServerOptions {
  return {
    interceptors: [refuseCompressed(log)],
    // Up to twice the limit a message is read, so that it is refused with facts; grpc-js's own refusal has none.
    "grpc.max_receive_message_length": 2 * maxMessageBytes,
    // HTTP/2 lets a call beyond this hang at its client: it must be more than we admit, so that we are the ones to refuse.
    "grpc.max_concurrent_streams": callsOfConnection,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function secureCredentials({ cert, key, ca }: ServedPem): ServerCredentials {
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], ca !== undefined);
}

/** Where a server listens. Disposing it, right before the server stops to listen, removes the file of a Unix socket. */
export interface Listener extends Disposable {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** What it shows and trusts; undefined without TLS. */
  readonly certificates: ServedCertificates | undefined;
}

/** Throws SPEC_INVALID for what is no host or port, and for a host that others reach without TLS: it needs `insecure`, and no token. */
export function checkReach(options: ListenOptions): void {
  const { host = "127.0.0.1", port = 0, tls, insecure = false } = options;
  const hasToken = wantsToken(options);
  checkHostAndPort({ host, port }, { host: "host", port: "port" });
  if (!tls && !isLoopback(host) && (!insecure || hasToken))
    throw new PatchstreamError(
      { code: "SPEC_INVALID", field: "host", got: host, want: "a loopback address when there is no TLS" },
      hasToken
        ? "Give a certificate and key: a token must not travel as plain text."
        : "Give a certificate and key, or --insecure on a network you trust.",
    );
}

/**
 * Binds a server. Hosts other than loopback need TLS or `insecure`; with a token they need TLS, since others on the network could
 * read it. Throws SPEC_INVALID for options that do not fit together, UNAVAILABLE for an address that cannot be had.
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const listener =
    options.listen === undefined ? await listenOnPort(server, options) : await listenOnPath(server, options);
  logHandshakes(listenersOf(server), serviceLog(options.logger));
  return listener;
}

async function listenOnPath(server: Server, { listen = "", host, port, tls }: ListenOptions): Promise<Listener> {
  const path = unixPath(listen, "listen");
  if (host !== undefined || port !== undefined) refuse("listen", listen, "given without host and port");
  if (tls !== undefined) refuse("tls", "given", "left out for a Unix socket, which its file's permissions protect");
  const address = `unix:${path}`;
  try {
    const socket = await bindUnixSocket(path, async (first) => {
      await bind(server, `unix:${first}`, ServerCredentials.createInsecure());
    });
    nameUnixPeers(server, address);
    return { address, certificates: undefined, [Symbol.dispose]: () => socket[Symbol.dispose]() };
  } catch (error) {
    server.forceShutdown(); // it may listen at its first path already
    throw error;
  }
}

async function listenOnPort(server: Server, options: ListenOptions): Promise<Listener> {
  const { host = "127.0.0.1", port = 0, tls } = options;
  checkReach(options);
  const certificates = tls && new ServedCertificates(tls, serviceLog(options.logger));
  const credentials = certificates ? secureCredentials(certificates.pem) : ServerCredentials.createInsecure();
  try {
    const bound = await bind(server, `${bracketed(host)}:${port}`, credentials);
    certificates?.keep(listenersOf(server));
    const address = `${bracketed(host)}:${bound}`;
    return { address, certificates, [Symbol.dispose]: () => certificates?.[Symbol.dispose]() };
  } catch (error) {
    certificates?.[Symbol.dispose]();
    throw cannotListen(host, port, error as Error);
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port))),
  );
}
