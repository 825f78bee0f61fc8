import type { Command } from "commander";
import { hostName, portNumber } from "./host-and-port.js";

/** Where KEDA's external scaler is served. */
export interface ScalerFlags {
  readonly scalerPort?: number;
  readonly scalerHost?: string;
}

export function addScalerFlags(command: Command): Command {
  return command
    .option("--scaler-port <port>", "KEDA's external scaler (gRPC) on this port (0: any free one)", portNumber)
    .option("--scaler-host <host>", "address of the scaler (default: this machine only)", hostName);
}

/** `ScalerFlags` as the server takes them; ends `command` with exit code 2 for a host without a port. */
export function scalerOptions({ scalerPort, scalerHost }: ScalerFlags, command: Command): ScalerFlags {
  if (scalerHost !== undefined && scalerPort === undefined) command.error("error: --scaler-host needs --scaler-port");
  return {
    ...(scalerPort !== undefined && { scalerPort }),
    ...(scalerHost !== undefined && { scalerHost }),
  };
}

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
