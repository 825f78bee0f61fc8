import type { Command } from "commander";
import { hostName, portNumber } from "./host-and-port.js";

/** Where a service's metrics are served. */
export interface MetricsFlags {
  readonly metricsPort?: number;
  readonly metricsHost?: string;
}

export function addMetricsFlags(command: Command): Command {
  return command
    .option("--metrics-port <port>", "Prometheus metrics over HTTP on this port (0: any free one)", portNumber)
    .option("--metrics-host <host>", "address of the metrics (default: this machine only)", hostName);
}

/** `MetricsFlags` as the servers take them; ends `command` with exit code 2 for a host without a port. */
export function metricsOptions({ metricsPort, metricsHost }: MetricsFlags, command: Command): MetricsFlags {
  if (metricsHost !== undefined && metricsPort === undefined)
    command.error("error: --metrics-host needs --metrics-port");
  return {
    ...(metricsPort !== undefined && { metricsPort }),
    ...(metricsHost !== undefined && { metricsHost }),
  };
}
