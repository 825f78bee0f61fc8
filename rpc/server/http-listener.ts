import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { hostname } from "node:os";
import { bracketed, cannotListen } from "./host-and-port.js";
import { checkReach, type ListenOptions } from "./listen.js";
import { ServedCertificates } from "./served-certificates.js";
import { serviceLog } from "./service-log.js";
import type { Scope } from "./token-file.js";
import { AcceptedTokens } from "./tokens.js";

/** Where a page is served, and who may look at it: the rules of gRPC's servers, but that there always is a token. */
export type HttpListenOptions = Pick<ListenOptions, "host" | "port" | "tls" | "insecure" | "tokenFile" | "logger">;

/** A request that may have been refused already: then `answer` is not called. */
export interface HttpRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /**
   * Throws UNAUTHENTICATED unless the request carries `authorization: Bearer TOKEN`, of a token with one of these scopes. The signal aborts
   * when that token is accepted no more.
   */
  readonly opened: (scopes: readonly Scope[]) => AbortSignal;
}

/** An HTTP server that listens; disposing it closes it. */
export interface HttpListener extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** For a browser. Where no file has the tokens, it holds one that was drawn for it, behind the #, which no request shows. */
  readonly url: string;
}

/** Clients keep connections for some seconds: we hang up later than they do, so that no request meets a closed one. */
const LIMITS = { maxHeaderSize: 16 << 10, headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 65_000 };
const MOST_CONNECTIONS = 128;
const ALL: readonly Scope[] = ["data", "train", "watch"];

/**
 * Serves HTTP, or HTTPS where there is TLS. Every request must name this server as its host: a foreign page whose name was pointed here (DNS
 * rebinding) names itself. Throws SPEC_INVALID, INPUT_DAMAGED for files of certificates and tokens, UNAVAILABLE where it cannot listen.
 */
export async function listenHttp(
  options: HttpListenOptions,
  answer: (asked: HttpRequest) => Promise<void>,
): Promise<HttpListener> {
  const { host = "127.0.0.1", port = 0, tls, tokenFile } = options;
  checkReach(options);
  const log = serviceLog(options.logger);
  const drawn = randomBytes(24).toString("base64url");
  const accepted = tokenFile === undefined ? { token: [{ token: drawn, scopes: ALL }] } : { tokenFile };
  const tokens = AcceptedTokens.opened("TrainerService", accepted, log);
  const certificates = tls && new ServedCertificates(tls, log);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (!isOurs(request.headers.host, host)) {
      response.writeHead(421, { "content-type": "text/plain; charset=utf-8" });
      response.end("This server does not answer to that name. Open it by its address, or as localhost.\n");
      return;
    }
    const url = urlOf(request);
    if (url === undefined) {
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      response.end("Ask for a path, such as /.\n");
      return;
    }
    const authorization = request.headers.authorization ?? "";
    const opened = (scopes: readonly Scope[]) => tokens.checkScopes(authorization, scopes).revoked;
    answer({ request, response, url, opened }).catch(() => response.destroy());
  };
  const { cert, key, ca } = certificates?.pem ?? {};
  const mutual = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  const server =
    cert === undefined || key === undefined
      ? createServer(LIMITS, onRequest)
      : createTlsServer({ ...LIMITS, cert, key, ...mutual }, onRequest);
  certificates?.keep([server]);
  server.maxConnections = MOST_CONNECTIONS;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(cannotListen(host, port, error)));
      server.listen(port, host, resolve);
    });
  } catch (error) {
    tokens[Symbol.dispose]();
    certificates?.[Symbol.dispose]();
    throw error;
  }
  server.on("error", () => {}); // a connection that cannot be accepted is not the end of the server
  const address = `${bracketed(host)}:${(server.address() as AddressInfo).port}`;
  return {
    address,
    url: `${tls ? "https" : "http"}://${address}/${tokenFile === undefined ? `#token=${drawn}` : ""}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      tokens[Symbol.dispose]();
      certificates?.[Symbol.dispose]();
    },
  };
}

/** What is asked for: a path of ours, never another host's; undefined for what is none, and for a `Host` that is no host. */
function urlOf({ url: path = "", headers: { host } }: IncomingMessage): URL | undefined {
  const text = `http://${host}${path}`;
  return path.startsWith("/") && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether `Host` names this server: an address, localhost, this machine's name, or what the server was told to listen on. */
function isOurs(named: string | undefined, host: string): boolean {
  const name = (named ?? "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  if (isIP(name) !== 0 || name === "localhost") return true;
  return [host, hostname()].some((own) => own.toLowerCase() === name);
}
