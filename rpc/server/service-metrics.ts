import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { machineBytes } from "../../disk/machine-memory.js";
import { packageVersion } from "../package-version.js";
import type { ServiceName } from "../service.js";
import { STATUS_OF } from "../status.js";
import type { ServedCertificates } from "./served-certificates.js";
import { codeOf } from "./service-log.js";

/** A call that is over. */
export interface EndedCall {
  readonly method: string;
  /** What it threw; absent for one that went well. */
  readonly error?: unknown;
  readonly seconds: number;
}

/** What every service counts; a registry of its own, so that two services in one process do not mix. */
export interface ServiceMetrics {
  readonly registry: Registry;
  callEnded(call: EndedCall): void;
  failure(error: unknown): void;
  /** Adds when the certificate of a service with TLS ends. */
  addCertificate(certificates: Pick<ServedCertificates, "expiresMs">): void;
}

/** Upper ends of a latency histogram's buckets, in seconds: from a small answer to a batch that waits for memory. */
export const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Names of gauges in prom-client that end like a counter's. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

let ofProcess: Registry | undefined;

/** Memory, processor time, files, garbage collection and event loop of this process: one registry for all its services. */
export function processMetrics(): Registry {
  if (ofProcess !== undefined) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  for (const name of MISNAMED) ofProcess.removeSingleMetric(name);
  return ofProcess;
}

export function serviceMetrics(service: ServiceName): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: "patchstream_build_info",
    help: "Always 1; the labels tell the service and the version of patchstream.",
    labelNames: ["service", "version"],
    registers,
  }).set({ service, version: packageVersion }, 1);
  new Gauge({
    name: "patchstream_memory_limit_bytes",
    help: "Memory that this process may use: the machine's, or less in a container.",
    registers,
  }).set(machineBytes());
  const calls = new Histogram({
    name: "patchstream_call_duration_seconds",
    help: "From a call's request to its end, by method and code; streams that both sides write on are not in it.",
    labelNames: ["method", "code"],
    buckets: LATENCY_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: "patchstream_calls_failed_total",
    help: "Calls that ended with an error, streams too, by its code.",
    labelNames: ["code"],
    registers,
  });
  // From 0 on: Prometheus sees no increase in a series that begins with its first failure.
  for (const code of Object.keys(STATUS_OF)) failures.inc({ code }, 0);
  return {
    registry,
    callEnded({ method, error, seconds }) {
      calls.observe({ method, code: error === undefined ? "OK" : codeOf(error) }, seconds);
    },
    failure: (error) => failures.inc({ code: codeOf(error) }),
    addCertificate(certificates) {
      new Gauge({
        name: "patchstream_certificate_expiry_timestamp_seconds",
        help: "When the certificate that is shown now ends, in seconds since 1970.",
        registers,
        collect() {
          this.set(certificates.expiresMs / 1_000);
        },
      });
    },
  };
}
