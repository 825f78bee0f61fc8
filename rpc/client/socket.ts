import { connect, type OnReadOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Target } from "./target.js";

/** What a client shows and trusts, read. */
export interface Credentials {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly serverName: string | undefined;
}

export interface SocketOptions {
  /** What the server must be able to show a certificate for. Default: the target's host. */
  readonly name?: string | undefined;
  readonly ALPNProtocols?: string[];
  readonly onread?: OnReadOpts;
}

/** Opens a connection of our own, as gRPC opens its. `tls` undefined: plain text. */
export function openSocket(target: Target, tls: Credentials | undefined, options: SocketOptions = {}): Socket {
  const { name: asked, ...others } = options;
  if (tls === undefined) return connect({ ...target, ...others });
  const name = tls.serverName ?? asked ?? ("host" in target ? target.host : "localhost");
  const connection: ConnectionOptions = {
    ...target,
    ...others,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    // An address may not be told by SNI (RFC 6066, section 3).
    ...(/[a-z]/i.test(name) && !name.includes(":") && { servername: name }),
  };
  return connectTls(connection);
}
