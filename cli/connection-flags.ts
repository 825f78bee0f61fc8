import { type Command, Option } from "commander";
import type { CarrierChoice } from "../client/index.js";
import type { ChannelOptions, HttpListenOptions, ListenOptions } from "../rpc/index.js";
import { hostName, portNumber, unixAddress } from "./host-and-port.js";
import { oneOrMore, wholeNumber } from "./whole-number.js";

/** Where a page is served, and who may look at it. */
export interface HttpFlags {
  readonly host?: string;
  readonly port?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
}

/** Where a server listens, and who may call it. */
export interface ListenFlags extends HttpFlags {
  readonly listen?: string;
  readonly auditLog?: string;
  readonly clientCalls?: number;
  readonly clientCallsPerSecond?: number;
}

export function addHttpFlags(command: Command): Command {
  return command
    .option(
      "--host <host>",
      "address to listen on; beyond this machine TLS is needed (default: 127.0.0.1, this machine only)",
      hostName,
    )
    .option("--port <port>", "port to listen on (default: any free one)", portNumber)
    .option("--tls-cert <file>", "our own PEM certificate, for TLS")
    .option("--tls-key <file>", "PEM key of our own certificate")
    .option("--tls-ca <file>", "serve only clients whose certificate this PEM certificate signed (mTLS)")
    .option(
      "--token-file <file>",
      "file with the bearer tokens that calls may carry, one a line ([NAME] SCOPE[,SCOPE] TOKEN; scopes: data, train, watch); read again when it changes",
    )
    .option("--insecure", "listen on other addresses than this machine's without TLS");
}

export function addListenFlags(command: Command): Command {
  return addHttpFlags(command)
    .option("--listen <address>", "unix:/path: a Unix socket instead, for this user's processes alone", unixAddress)
    .option("--audit-log <file>", "add a line of JSON for every call: who, what, how it ended")
    .option(
      "--client-calls <count>",
      "calls and streams at once of one client: a token's, a certificate's or a host's (default: no limit)",
      oneOrMore,
    )
    .option("--client-calls-per-second <count>", "calls that one client may begin (default: no limit)", oneOrMore);
}

/** `HttpFlags` as `listenHttp` takes them; ends `command` with exit code 2 where flags do not fit together. */
export function httpOptions(flags: HttpFlags, command: Command): HttpListenOptions {
  const { host, port, tlsCert: cert, tlsKey: key, tlsCa: ca, tokenFile, insecure } = flags;
  if ((cert === undefined) !== (key === undefined)) command.error("error: --tls-cert and --tls-key go together");
  if (ca !== undefined && cert === undefined) command.error("error: --tls-ca needs --tls-cert and --tls-key");
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, ...(ca !== undefined && { ca }) } }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(insecure && { insecure }),
  };
}

/** `ListenFlags` as the servers take them; ends `command` with exit code 2 where flags do not fit together. */
export function listenOptions(flags: ListenFlags, command: Command): ListenOptions {
  const { host, port, listen, tlsCert: cert, auditLog, clientCalls, clientCallsPerSecond } = flags;
  if (listen !== undefined && (host !== undefined || port !== undefined))
    command.error("error: --listen stands for --host and --port: give one of them");
  if (listen !== undefined && cert !== undefined)
    command.error("error: --listen takes no TLS: its file's permissions protect a Unix socket");
  return {
    ...httpOptions(flags, command),
    ...(listen !== undefined && { listen }),
    ...(auditLog !== undefined && { auditLog }),
    ...(clientCalls !== undefined && { clientCalls }),
    ...(clientCallsPerSecond !== undefined && { clientCallsPerSecond }),
  };
}

/** How a server is called. */
export interface CallFlags {
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
  readonly tokenFile?: string;
  readonly wait?: number;
}

/** Adds `CallFlags`; with a prefix ("data-") for a command that listens too. */
export function addCallFlags(command: Command, prefix = ""): Command {
  return command
    .option(`--${prefix}tls`, "call over TLS, trusting the system's certificates")
    .option(`--${prefix}tls-ca <file>`, "call over TLS, trusting this PEM certificate")
    .option(`--${prefix}tls-cert <file>`, "our own PEM certificate, for servers that ask for one (mTLS)")
    .option(`--${prefix}tls-key <file>`, "PEM key of our own certificate")
    .option(`--${prefix}tls-server-name <name>`, "the name in the server's certificate, if not the address's host")
    .option(`--${prefix}token-file <file>`, "file with the bearer token to send; read again for each call")
    .option(
      `--${prefix}wait <seconds>`,
      "wait so long for servers that start at the same time (default: 0)",
      wholeNumber,
    );
}

/** The `CallFlags` of a command that has them with a prefix ("data-"). */
export function prefixedCallFlags(flags: object, prefix: string): CallFlags {
  const start = prefix.replace(/-$/, "");
  const names: readonly (keyof CallFlags)[] = [
    "tls",
    "tlsCa",
    "tlsCert",
    "tlsKey",
    "tlsServerName",
    "tokenFile",
    "wait",
  ];
  const given = new Map<string, unknown>(Object.entries(flags));
  const found = names.map((name) => [name, given.get(`${start}${name[0]?.toUpperCase()}${name.slice(1)}`)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** `CallFlags` in the clients' terms; errors name the flags with `prefix`. */
export function callOptions(flags: CallFlags, prefix = ""): ChannelOptions {
  const { tls, tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: serverName, tokenFile, wait } = flags;
  const overTls = tls || [ca, cert, key, serverName].some((given) => given !== undefined);
  const files = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { serverName }),
  };
  return {
    ...(overTls && { tls: files }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(wait !== undefined && { waitMs: 1_000 * wait }),
    ...(prefix !== "" && { flagPrefix: prefix }),
  };
}

/** What carries the batches of a command that streams them. */
export interface CarrierFlag {
  readonly carrier: CarrierChoice;
}

/** Adds `CarrierFlag`; with a prefix ("data-") for a command that listens too. */
export function addCarrierFlag(command: Command, prefix = ""): Command {
  const carriers: readonly CarrierChoice[] = ["auto", "lane", "grpc"];
  return command.addOption(
    new Option(
      `--${prefix}carrier <carrier>`,
      'what carries batches: "lane", a socket beside gRPC, "grpc", or "auto": a lane where one can be opened',
    )
      .choices(carriers)
      .default("auto"),
  );
}
