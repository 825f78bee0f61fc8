import { type Command, Option } from "commander";
import type { CarrierChoice } from "../client/index.js";
import { readNamedFile } from "../disk/index.js";
import { PatchstreamError } from "../plan/index.js";
import { type ChannelOptions, type ListenOptions, readTokenFile } from "../rpc/index.js";
import { hostName, portNumber, unixAddress } from "./host-and-port.js";
import { wholeNumber } from "./whole-number.js";

/** Where a server listens, and who may call it. */
export interface ListenFlags {
  readonly host?: string;
  readonly port?: number;
  readonly listen?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
}

export function addListenFlags(command: Command): Command {
  return command
    .option(
      "--host <host>",
      "address to listen on; beyond this machine TLS is needed (default: 127.0.0.1, this machine only)",
      hostName,
    )
    .option("--port <port>", "port to listen on (default: any free one)", portNumber)
    .option("--listen <address>", "unix:/path: a Unix socket instead, for this user's processes alone", unixAddress)
    .option("--tls-cert <file>", "our own PEM certificate, for TLS")
    .option("--tls-key <file>", "PEM key of our own certificate")
    .option("--tls-ca <file>", "serve only clients whose certificate this PEM certificate signed (mTLS)")
    .option(
      "--token-file <file>",
      "file with the bearer tokens that calls may carry, one a line (SCOPE[,SCOPE] TOKEN; scopes: data, train)",
    )
    .option("--insecure", "listen on other addresses than this machine's without TLS");
}

/** The token that a file holds. Throws INPUT_DAMAGED for one that cannot be read or holds none. */
function readToken(file: string, flag: string): string {
  const want = `a file with a token (${flag})`;
  const token = readNamedFile(file, want).toString().trim();
  if (token === "") throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it is empty", want });
  return token;
}

/** `ListenFlags` as the servers take them; ends `command` with exit code 2 where flags do not fit together. */
export function listenOptions(flags: ListenFlags, command: Command): ListenOptions {
  const { host, port, listen, tlsCert: cert, tlsKey: key, tlsCa: ca, tokenFile, insecure } = flags;
  if ((cert === undefined) !== (key === undefined)) command.error("error: --tls-cert and --tls-key go together");
  if (ca !== undefined && cert === undefined) command.error("error: --tls-ca needs --tls-cert and --tls-key");
  if (listen !== undefined && (host !== undefined || port !== undefined))
    command.error("error: --listen stands for --host and --port: give one of them");
  if (listen !== undefined && cert !== undefined)
    command.error("error: --listen takes no TLS: its file's permissions protect a Unix socket");
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(listen !== undefined && { listen }),
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, ...(ca !== undefined && { ca }) } }),
    ...(tokenFile !== undefined && { token: readTokenFile(tokenFile) }),
    ...(insecure && { insecure }),
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
    .option(`--${prefix}token-file <file>`, "file with the bearer token to send")
    .option(
      `--${prefix}wait <seconds>`,
      "wait so long for servers that start at the same time (default: 0)",
      wholeNumber,
    );
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
    ...(tokenFile !== undefined && { token: readToken(tokenFile, `--${prefix}token-file`) }),
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
