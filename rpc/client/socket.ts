import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type PeerCertificate } from "node:tls";
import type { KeyPair } from "../pem.js";
import type { Target } from "./target.js";

/** What a client shows and trusts, read. */
export interface Credentials extends Partial<KeyPair> {
  readonly ca: Buffer | undefined;
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
    ...(isIP(name) === 0
      ? { servername: name }
      : { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(name, shown) }),
  };
  return connectTls(connection);
}
