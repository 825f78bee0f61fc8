import type { ListenOptions } from "../../rpc/server/listen.js";
import type { MetricsOptions } from "../../rpc/server/metrics-endpoint.js";
import type { DataAccess } from "./data-servers.js";

/** Where a trainer listens, and what its trainings use. */
export interface TrainerOptions extends ListenOptions, MetricsOptions {
  /** Folder of all trainings, one folder each; made where there is none. */
  readonly runsFolder: string;
  /** How data servers are reached, and which may be called. */
  readonly access: DataAccess;
  /**
   * Engine of trainings whose spec says "auto": a name, or the `file:` address of a module that exports `openEngine()`, which gives a
   * `TrainingEngine`. Each process that trains imports it.
   */
  readonly engine: string;
  /** CPU threads of all trainings together: each has an equal share, at least one. */
  readonly threads: number;
  /** How many trainings run at the same time; the others wait. Default 1. */
  readonly trainings?: number;
  /** How many predictions are made at the same time; more are refused. Default 2. */
  readonly predictions?: number;
  /** Memory that trainings and predictions may take together, as estimated. Default: three quarters of the machine's. */
  readonly memoryBytes?: number;
  /** Told in one line what to know of the start: an engine that is passed over, a training that is damaged. */
  readonly notice?: (line: string) => void;
  /** Milliseconds for which everything goes on after health has turned NOT_SERVING, so that load balancers take note. Default 0. */
  readonly drainDelayMs?: number;
}

/**
 * The trainer service, listening. Disposing it turns health NOT_SERVING and, after `drainDelayMs`, ends trainings after the step in
 * progress, then closes.
 */
export interface TrainerServer extends AsyncDisposable {
  /** host:port or unix:/path */
  readonly address: string;
  /** host:port of the metrics, where they were asked for. */
  readonly metricsAddress: string | undefined;
  /** What its trainings may take. */
  readonly budget: TrainerBudget;
}

/** What trainings of a trainer may take. */
export interface TrainerBudget {
  /** At the same time. */
  readonly trainings: number;
  /** CPU threads of each, and of a prediction. */
  readonly threadsEach: number;
  /** Of trainings and predictions together, as estimated. */
  readonly memoryBytes: number;
}

/**
 * Serves TrainerService, grpc.health.v1, server reflection and, where a port is given, Prometheus metrics. Loads what only a service needs
 * when it is called, as `serve` of a data server does. Throws ENGINE_MISSING where no engine can train here, SPEC_INVALID where a
 * secret might go to anybody.
 */
export async function serveTrainer(options: TrainerOptions): Promise<TrainerServer> {
  const { openTrainer } = await import("./trainer-server.js");
  return openTrainer(options);
}
