import { isIP, type OnReadOpts, type Socket } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { Client, connectivityState, credentials, Metadata } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import { readAuthority, readKeyPair } from "../pem.js";
import { checkedTarget } from "./check-address.js";
import { ClientCertificates } from "./client-certificates.js";
import { tokenSource } from "./sent-token.js";
import { type Credentials, openSocket } from "./socket.js";
import { hostAndPort, isThisMachine, parseTarget, proxyVariable, type Target } from "./target.js";
import { type Unreachable, whyUnreachable } from "./why-unreachable.js";

/** PEM files that prove who is who. `ca`: whom to trust (default: the system's); `cert` and `key`: who we are (mTLS). */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it is not the address's host. */
  readonly serverName?: string;
}

/** How a server is reached. */
export interface ChannelOptions {
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** Sent as `authorization: Bearer TOKEN`: over TLS, or to this machine. */
  readonly token?: string;
  /** A file that holds the token, read again for each call. */
  readonly tokenFile?: string;
  /** Milliseconds for which a server that is not there yet is waited for before the first call fails. Default 0. */
  readonly waitMs?: number;
  /** What stands before the names of flags in errors: "data-" for `--data-tls-ca`. Default "". */
  readonly flagPrefix?: string;
}

export interface ContactOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One server, reached over one connection. */
export interface Channel {
  readonly address: string;
  readonly client: Client;
  /** For one call. */
  readonly metadata: Metadata;
  readonly flagPrefix: string;
  /** There has been a connection. */
  readonly contacted: boolean;
  /**
   * Waits for the first connection; at once where there has been one. Throws UNAVAILABLE, with the reason in plain words, for one
   * that cannot be made: within two seconds, or `waitMs` where a server that has just started may mend it.
   */
  contact(options: ContactOptions): Promise<void>;
  /**
   * Opens a connection beside gRPC's with the same credentials: to a port of `peer` (an address of the server, where a call has told
   * it), or, of a server on a Unix socket, to the one at the same path with `suffix` behind it.
   */
  openBeside(to: BesideTarget, onread: OnReadOpts): Socket;
}

interface BesideTarget {
  readonly peer: string | undefined;
  readonly port: number;
  readonly suffix: string;
}

/** Received per stream before the reader must take some: grpc-js's default 64 KiB costs two thirds of the throughput. */
const FLOW_CONTROL_WINDOW = 16 << 20;
const MAX_RECEIVED_MESSAGE = 64 << 20;

function readCredentials({ ca, cert, key, serverName }: ClientTls, prefix: string): Credentials {
  if ((cert === undefined) !== (key === undefined))
    throw new PatchstreamError({
      code: "REQUEST_INVALID",
      field: `--${prefix}${cert === undefined ? "tls-cert" : "tls-key"}`,
      got: undefined,
      want: "given together with the other one of certificate and key",
    });
  return {
    ca: ca === undefined ? undefined : readAuthority(ca, prefix),
    ...(cert !== undefined && key !== undefined && readKeyPair({ cert, key }, prefix)),
    serverName,
  };
}

/** The PEM files of a client, checked and followed. */
function openCertificates(tls: ClientTls, prefix: string): ClientCertificates {
  const files = [tls.ca, tls.cert, tls.key].filter((file) => file !== undefined);
  return new ClientCertificates(files, () => readCredentials(tls, prefix));
}

/** Stands where TLS asks for the server's name: an IP address may not stand there (RFC 6066), and grpc-js always says something. */
const NO_NAME = "address.invalid";

/**
 * What grpc-js needs for the certificate that is expected: one for `serverName`, else for the host that was given, name or IP address.
 * `ip`: where the host is called.
 */
function securely(target: Target, certificates: ClientCertificates, ip: string | undefined) {
  const { serverName } = certificates.pem;
  const expected = serverName ?? ("host" in target ? target.host : undefined);
  const isAddress = expected !== undefined && isIP(expected) !== 0;
  const verify = isAddress
    ? { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(expected, shown) }
    : {};
  const sent = isAddress ? NO_NAME : ip === undefined ? serverName : expected;
  return {
    credentials: certificates.forGrpc(verify),
    options: sent === undefined ? {} : { "grpc.ssl_target_name_override": sent },
  };
}

/** Throws what `openChannel` would for files of certificates and tokens, whatever is called. */
export function checkSecrets(options: ChannelOptions): void {
  const { tls, flagPrefix = "" } = options;
  if (tls !== undefined) readCredentials(tls, flagPrefix);
  tokenSource(options, flagPrefix);
}

/** Throws what `openChannel` would, without opening anything. */
export function checkChannel(address: string, options: ChannelOptions): void {
  checkedTarget(address);
  if (options.tls !== undefined) readCredentials(options.tls, options.flagPrefix ?? "");
  checkToken(address, options);
}

/** Where each call's token comes from. Throws for one that would travel in plain text, and what `tokenSource` does. */
function checkToken(address: string, options: ChannelOptions): () => string | undefined {
  const { tls, flagPrefix = "" } = options;
  const source = tokenSource(options, flagPrefix);
  if (source() !== undefined && tls === undefined && !isThisMachine(parseTarget(address)))
    throw new PatchstreamError(
      {
        code: "UNAUTHENTICATED",
        reason: `a token leaves this machine only over TLS, and ${address} is called without`,
      },
      `Call it with --${flagPrefix}tls or --${flagPrefix}tls-ca, or without --${flagPrefix}token-file.`,
    );
  return source;
}

/**
 * Opens a lazy channel to `address` (`host:port`, `dns:///host:port`, `unix:/path`); close it with `channel.client.close()`. With `ip`
 * it goes to that one of the host's addresses, and all else is the host's: its certificate, its name in the calls. Throws
 * SPEC_INVALID for what is no address, INPUT_DAMAGED for a PEM file or a token's, UNAUTHENTICATED for a token that would travel in plain text.
 */
export function openChannel(address: string, options: ChannelOptions = {}, ip?: string): Channel {
  const { tls, waitMs = 0, flagPrefix = "" } = options;
  const tokenOf = checkToken(address, options);
  const named = checkedTarget(address);
  const called: Target = "host" in named && ip !== undefined ? { host: ip, port: named.port } : named;
  const text = ip === undefined ? address : `${address} (${ip})`;
  const certificates = tls && openCertificates(tls, flagPrefix);
  const secure = certificates && securely(named, certificates, ip);
  const client = new Client(
    ip === undefined ? address : hostAndPort(called),
    secure?.credentials ?? credentials.createInsecure(),
    {
      "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW,
      "grpc.max_receive_message_length": MAX_RECEIVED_MESSAGE,
      "grpc.keepalive_time_ms": 30_000,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.min_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 250,
      "grpc.use_local_subchannel_pool": 1,
      // A proxy is for other machines, which it finds by their names: it would look for this one's port on its own.
      ...((isThisMachine(named) || ip !== undefined) && { "grpc.enable_http_proxy": 0 }),
      ...(ip !== undefined && { "grpc.default_authority": hostAndPort(named) }),
      ...secure?.options,
    },
  );
  const diagnose = () => {
    const pem = certificates?.pem;
    const isForName = pem !== undefined && pem.serverName === undefined && ip !== undefined && "host" in named;
    return diagnosis(called, isForName ? { ...pem, serverName: named.host } : pem, flagPrefix);
  };
  let contacted = false;
  return {
    address: text,
    client,
    get metadata() {
      const metadata = new Metadata();
      const token = tokenOf();
      if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
      return metadata;
    },
    flagPrefix,
    get contacted() {
      return contacted;
    },
    async contact(wait) {
      if (!contacted) await firstConnection({ address: text, client, diagnose, waitMs }, wait);
      contacted = true;
    },
    openBeside({ peer, port, suffix }, onread) {
      if ("path" in named) return openSocket({ path: named.path + suffix }, certificates?.pem, { onread });
      const there = parseTarget(peer ?? hostAndPort(called));
      const { host } = "host" in there ? there : named;
      return openSocket({ host, port }, certificates?.pem, { onread, name: named.host });
    },
  };
}

async function diagnosis(
  target: Target,
  pem: Credentials | undefined,
  prefix: string,
): Promise<Unreachable | undefined> {
  const variable = proxyVariable(target);
  if (variable === undefined) return whyUnreachable(target, pem, prefix);
  return {
    reason: `it was not reached through the proxy that the environment variable ${variable} names`,
    hint: `Unset ${variable}, or add the server's host to no_proxy.`,
    mayPass: true,
  };
}

interface FirstConnection {
  readonly address: string;
  readonly client: Client;
  readonly diagnose: () => Promise<Unreachable | undefined>;
  readonly waitMs: number;
}

/** How often a connection that has failed is looked at again. */
const LOOK_MS = 100;
/** A connection that fails in gRPC though one of our own does not: it may have come up meanwhile, but not for so long. */
const UNEXPLAINED_MS = 700;

async function firstConnection(
  { address, client, diagnose, waitMs }: FirstConnection,
  { timeoutMs = Number.POSITIVE_INFINITY, signal }: ContactOptions,
): Promise<void> {
  const beganMs = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    const state = client.getChannel().getConnectivityState(true);
    const waitedMs = performance.now() - beganMs;
    if (state === connectivityState.READY) return;
    if (state === connectivityState.SHUTDOWN)
      throw new PatchstreamError(
        { code: "UNAVAILABLE", address, reason: "the connection was closed" },
        "Connect again.",
      );
    if (state === connectivityState.TRANSIENT_FAILURE) {
      const why = await diagnose();
      const isGivenUp = why === undefined ? waitedMs > waitMs + UNEXPLAINED_MS : waitedMs >= waitMs || !why.mayPass;
      if (isGivenUp)
        throw new PatchstreamError(
          { code: "UNAVAILABLE", address, reason: why?.reason ?? "no connection could be made" },
          why?.hint,
        );
    }
    if (waitedMs > timeoutMs)
      throw new PatchstreamError({ code: "DEADLINE", waitedFor: `a connection to ${address}`, timeoutMs });
    // It may have been closed while the reason was looked for; a closed one cannot be watched.
    if (client.getChannel().getConnectivityState(false) === connectivityState.SHUTDOWN) continue;
    await new Promise<void>((resolve) => {
      // Its failure says that the time is over without a change.
      client.getChannel().watchConnectivityState(state, Date.now() + LOOK_MS, () => resolve());
    });
  }
}
