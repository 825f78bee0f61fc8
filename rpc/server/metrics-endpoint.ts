import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { bracketed, cannotListen, checkHostAndPort } from "./host-and-port.js";
import { processMetrics } from "./service-metrics.js";

/** Where a service's metrics are served. */
export interface MetricsOptions {
  /** Prometheus metrics over HTTP on this port (0: any free one). Absent: none. */
  readonly metricsPort?: number;
  /** Address of that port. Default 127.0.0.1. Other addresses show the metrics to everybody who reaches them. */
  readonly metricsHost?: string;
}

export interface MetricsEndpoint extends AsyncDisposable {
  /** host:port; metrics are at /metrics. */
  readonly address: string;
}

/** A scraper asks one short question at a time; what asks more, or slowly, is none. */
const LIMITS = { maxHeaderSize: 8 << 10, headersTimeout: 5_000, requestTimeout: 5_000 };
const MOST_CONNECTIONS = 32;

/**
 * Serves a service's registry, and the metrics of its process, as Prometheus text at /metrics; undefined where no port is given.
 * Throws SPEC_INVALID for what is no host or port, UNAVAILABLE where it cannot listen.
 */
export async function serveMetrics(
  registry: Registry,
  { metricsPort: port, metricsHost: host = "127.0.0.1" }: MetricsOptions,
): Promise<MetricsEndpoint | undefined> {
  if (port === undefined) return undefined;
  checkHostAndPort({ host, port }, { host: "metricsHost", port: "metricsPort" });
  const all = Registry.merge([registry, processMetrics()]);
  const server = createServer(LIMITS, (request, response) => void answer(all, request, response));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  // A connection that cannot be accepted (no file is free) is the scraper's loss, not the end of the service.
  server.on("error", () => {});
  const bound = server.address() as AddressInfo;
  return {
    address: `${bracketed(host)}:${bound.port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(registry: Registry, { method, url = "" }: IncomingMessage, response: ServerResponse) {
  if (method !== "GET" || url.split("?")[0] !== "/metrics") return response.writeHead(404).end();
  try {
    const text = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
