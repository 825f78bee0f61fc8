import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";

/** PEM files of a server. With `ca`, clients must show a certificate that it signed (mTLS). */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly tls?: ServerTls;
  /** Serve others than this machine without TLS. */
  readonly insecure?: boolean;
}

/** What every server of ours is made with: its own copy of nothing a client can grow without bound. */
export const SERVER_OPTIONS = {
  "grpc.max_receive_message_length": 4 << 20,
  "grpc.max_concurrent_streams": 256,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
} as const;

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new PatchstreamError({ code: "NOT_FOUND", what: "PEM file", name: file, known: [] }, undefined, { cause });
  }
}

/** Binds a server and returns its address, `host:port`. Other hosts than loopback need TLS, or `insecure` said aloud. */
export async function listen(server: Server, options: ListenOptions): Promise<string> {
  const { host = "127.0.0.1", port = 0, tls, insecure = false } = options;
  if (!tls && !insecure && !isLoopback(host))
    throw new PatchstreamError(
      { code: "SPEC_INVALID", field: "host", got: host, want: "a loopback address when there is no TLS" },
      "Give a certificate and key, or say --insecure on a network you trust.",
    );
  const credentials = tls
    ? ServerCredentials.createSsl(
        tls.ca === undefined ? null : readPem(tls.ca),
        [{ cert_chain: readPem(tls.cert), private_key: readPem(tls.key) }],
        tls.ca !== undefined,
      )
    : ServerCredentials.createInsecure();
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return new Promise((resolve, reject) =>
    server.bindAsync(`${bracketed}:${port}`, credentials, (error, bound) => {
      const address = `${bracketed}:${bound}`;
      if (error)
        reject(
          new PatchstreamError(
            { code: "UNAVAILABLE", address: `${bracketed}:${port}`, reason: error.message },
            "Is the port taken? Port 0 takes a free one.",
            { cause: error },
          ),
        );
      else resolve(address);
    }),
  );
}
