import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type PeerCertificate } from "node:tls";
import type { KeyPair } from "../pem.js";
import type { Target } from "./target.js";

/** Why a server cannot be reached, in words. */
export interface Unreachable {
  /** Completes "ADDRESS: ...". */
  readonly reason: string;
  /** What to do about it; flags as the command line has them. */
  readonly hint: string;
  /** It may be over when the server has started. */
  readonly mayPass: boolean;
}

export interface Credentials extends Partial<KeyPair> {
  readonly ca: Buffer | undefined;
  readonly serverName: string | undefined;
}

/** What every HTTP/2 client says first: its preface and empty settings. */
const HELLO = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_FRAME = 4;
const TLS_ALERT = 21;
const TRIES_MS = 1_000;

/**
 * Tries a connection of its own and says in plain words why it fails; undefined where it does not. gRPC's reasons are OpenSSL's or
 * libuv's text, or none. `tls` undefined: plain text. `prefix` stands before the names of flags.
 */
export function whyUnreachable(
  target: Target,
  tls: Credentials | undefined,
  prefix: string,
): Promise<Unreachable | undefined> {
  return new Promise((resolve) => {
    const socket = open(target, tls);
    let bytes = Buffer.alloc(0);
    const done = (why: Unreachable | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(
      () => done({ ...SILENT, hint: "Is it the right port? Is the server busy or stopped?" }),
      TRIES_MS,
    );
    const judge = (isOver: boolean) => {
      if (bytes.length < 9 && !isOver) return;
      if (bytes[3] === SETTINGS_FRAME) done(undefined);
      else done(otherProtocol(bytes, tls !== undefined, prefix));
    };
    socket.once(tls ? "secureConnect" : "connect", () => socket.write(HELLO));
    socket.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      judge(false);
    });
    socket.once("end", () => judge(true));
    socket.once("error", (error: NodeJS.ErrnoException) => done(inWords(error, target, tls, prefix)));
    socket.once("close", () => judge(true));
  });
}

const SILENT = { reason: "it accepts connections but does not answer", mayPass: true } as const;

function open(target: Target, tls: Credentials | undefined): Socket {
  if (tls === undefined) return connect(target);
  const name = tls.serverName ?? ("host" in target ? target.host : "localhost");
  const options: ConnectionOptions = {
    ...target,
    ALPNProtocols: ["h2"],
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    ...(isIP(name) === 0
      ? { servername: name }
      : { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(name, shown) }),
  };
  return connectTls(options);
}

function otherProtocol(bytes: Buffer, isTls: boolean, prefix: string): Unreachable {
  if (bytes.length > 0 && bytes[0] !== TLS_ALERT)
    return { reason: "what listens there is no gRPC server", hint: "Check host and port.", mayPass: false };
  return isTls
    ? wantsCertificate(prefix)
    : {
        reason: "it closes connections in plain text: it seems to speak TLS",
        hint: `Call it with --${prefix}tls or --${prefix}tls-ca.`,
        mayPass: false,
      };
}

function wantsCertificate(prefix: string): Unreachable {
  return {
    reason: "it serves only clients with a certificate that it trusts",
    hint: `Give ours with --${prefix}tls-cert and --${prefix}tls-key.`,
    mayPass: false,
  };
}

const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
]);

/** A socket's error in words of our own; OpenSSL's text is kept out. */
function inWords(
  error: NodeJS.ErrnoException,
  target: Target,
  tls: Credentials | undefined,
  prefix: string,
): Unreachable {
  const code = error.code ?? "";
  const server = "path" in target ? target.path : target.host;
  const running = "Is the server running there?";
  if (code === "ECONNREFUSED")
    return { reason: "nothing listens there (connection refused)", hint: running, mayPass: true };
  if (code === "ENOENT") return { reason: "there is no such socket", hint: running, mayPass: true };
  if (code === "ENOTFOUND" || code.startsWith("EAI_"))
    return { reason: `the name ${server} does not resolve`, hint: "Check the address.", mayPass: true };
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "ETIMEDOUT")
    return { reason: "there is no way to that host", hint: "Check the address and the network.", mayPass: true };
  if (UNTRUSTED.has(code)) {
    const by =
      tls?.ca === undefined ? "by any authority that this system trusts" : `by the authority in --${prefix}tls-ca`;
    const hint = `Give the certificate of the authority that signed it with --${prefix}tls-ca.`;
    return { reason: `its certificate is not signed ${by}`, hint, mayPass: false };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      reason: `its certificate is for another name than ${tls?.serverName ?? server}`,
      hint: `Give the name that it is for with --${prefix}tls-server-name.`,
      mayPass: false,
    };
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return { reason: "its certificate has expired, or is not valid yet", hint: "Check both clocks.", mayPass: false };
  if (/ALERT/.test(code)) return wantsCertificate(prefix);
  if (tls !== undefined && (/^ERR_SSL|^EPROTO/.test(code) || code === "ECONNRESET"))
    return {
      reason: "it does not speak TLS",
      hint: `Leave out the --${prefix}tls flags, or check the port.`,
      mayPass: false,
    };
  if (code === "ECONNRESET" || code === "EPIPE") return otherProtocol(Buffer.alloc(0), tls !== undefined, prefix);
  return { reason: `the connection failed (${code || error.message})`, hint: running, mayPass: true };
}
