import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { PatchstreamError } from "../plan/index.js";
import type { ChannelOptions, ListenOptions } from "../rpc/index.js";
import { wholeNumber } from "./whole-number.js";

/** Where a server listens, and who may call it. */
export interface ListenFlags {
  readonly host?: string;
  readonly port?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
}

export function addListenFlags(command: Command): Command {
  return command
    .option("--host <host>", "address to listen on (default: this machine only; others need TLS)")
    .option("--port <port>", "port (default 0: any free one)", wholeNumber)
    .option("--tls-cert <file>", "PEM certificate")
    .option("--tls-key <file>", "PEM key of the certificate")
    .option("--tls-ca <file>", "PEM certificate that clients' certificates must be signed by (mTLS)")
    .option("--token-file <file>", "file with the bearer token that calls must carry")
    .option("--insecure", "listen on other addresses than this machine's without TLS");
}

/** The token in a file. Throws INPUT_DAMAGED for an empty one: nobody means to send or to ask for nothing. */
function readToken(file: string): string {
  const token = readFileSync(file, "utf8").trim();
  if (token !== "") return token;
  throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it is empty", want: "a bearer token" });
}

/** `ListenFlags` in the servers' terms; ends `command` with exit code 2 where they do not go together. */
export function listenOptions(flags: ListenFlags, command: Command): ListenOptions & { readonly token?: string } {
  const { host, port, tlsCert: cert, tlsKey: key, tlsCa: ca, tokenFile, insecure } = flags;
  if ((cert === undefined) !== (key === undefined)) command.error("error: --tls-cert and --tls-key go together");
  if (ca !== undefined && cert === undefined) command.error("error: --tls-ca needs --tls-cert and --tls-key");
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, ...(ca !== undefined && { ca }) } }),
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
    ...(insecure && { insecure }),
  };
}

/** How a server is called. */
export interface CallFlags {
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tokenFile?: string;
}

/** Adds `CallFlags`; with a prefix ("data-") for a command that listens too. */
export function addCallFlags(command: Command, prefix = ""): Command {
  return command
    .option(`--${prefix}tls`, "call over TLS, trusting the system's certificates")
    .option(`--${prefix}tls-ca <file>`, "call over TLS, trusting this PEM certificate")
    .option(`--${prefix}tls-cert <file>`, "our own PEM certificate (mTLS)")
    .option(`--${prefix}tls-key <file>`, "PEM key of our own certificate")
    .option(`--${prefix}token-file <file>`, "file with the bearer token to send");
}

/** `CallFlags` in the clients' terms. */
export function callOptions({ tls, tlsCa: ca, tlsCert: cert, tlsKey: key, tokenFile }: CallFlags): ChannelOptions {
  const overTls = tls || [ca, cert, key].some((file) => file !== undefined);
  const files = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return { ...(overTls && { tls: files }), ...(tokenFile !== undefined && { token: readToken(tokenFile) }) };
}
