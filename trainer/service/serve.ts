import { setTimeout } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import { openAccess } from "../../rpc/server/access.js";
import { addStandardServices } from "../../rpc/server/health.js";
import { implement } from "../../rpc/server/implement.js";
import { type ListenOptions, listen, serverOptions } from "../../rpc/server/listen.js";
import { type MetricsOptions, serveMetrics } from "../../rpc/server/metrics-endpoint.js";
import { failedCall, serviceLog, startOf } from "../../rpc/server/service-log.js";
import { checkAccess, type DataAccess } from "./data-servers.js";
import { TrainingEngines } from "./engines.js";
import { trainerHandlers } from "./handlers.js";
import { defaultMemoryBytes, MemoryBudget } from "./memory-budget.js";
import { createMetrics } from "./metrics.js";
import { predictionAdmission } from "./predict.js";
import { SessionSizes } from "./session-sizes.js";
import { Trainings } from "./trainings.js";

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

function budgetOf({ trainings = 1, threads, memoryBytes = defaultMemoryBytes() }: TrainerOptions): TrainerBudget {
  // By how many may run, not by how many do: the last bits of a training depend on its threads.
  return { trainings, threadsEach: Math.max(1, Math.floor(threads / trainings)), memoryBytes };
}

/** Calls that are still open when all trainings have ended get this long. */
const DRAIN_MS = 10_000;

/**
 * Serves TrainerService, grpc.health.v1, server reflection and, where a port is given, Prometheus metrics. Throws
 * ENGINE_MISSING where no engine can train here, SPEC_INVALID where a secret might go to anybody.
 */
export async function serveTrainer(options: TrainerOptions): Promise<TrainerServer> {
  const { access, notice = () => {}, drainDelayMs = 0 } = options;
  const log = serviceLog(options.logger);
  checkAccess(access);
  const metrics = createMetrics();
  const engines = await TrainingEngines.open(options.engine, { notice, log });
  const budget = budgetOf(options);
  const memory = new MemoryBudget(budget.memoryBytes);
  const sizes = new SessionSizes();
  const { observe } = metrics;
  const trainings = new Trainings({ ...options, ...budget, notice, log, engines, memory, sizes, observe });
  const predictions = { ...options, ...budget, log, engines, memory, sizes, admission: predictionAdmission(options) };
  const callers = openAccess("TrainerService", options, log);
  const server = new Server(serverOptions({ log }));
  implement(server, "TrainerService", trainerHandlers(trainings, predictions), {
    ...callers,
    onFailure: (error, call) => {
      metrics.failure(error);
      log(failedCall(error, call));
    },
    onEnd: metrics.callEnded,
  });
  const health = addStandardServices(server, "TrainerService");
  const listener = await listen(server, options);
  const { address } = listener;
  log(startOf("TrainerService", address, options));
  if (listener.certificates) metrics.addCertificate(listener.certificates);
  const endpoint = await serveMetrics(metrics.registry, options);
  return {
    address,
    metricsAddress: endpoint?.address,
    budget,
    async [Symbol.asyncDispose]() {
      health.set("NOT_SERVING");
      log({ event: "draining", delaySeconds: drainDelayMs / 1e3 });
      if (drainDelayMs > 0) await setTimeout(drainDelayMs);
      listener[Symbol.dispose]();
      const finished = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      log({ event: "listener-closed" });
      await trainings[Symbol.asyncDispose]();
      await Promise.race([finished, setTimeout(DRAIN_MS, undefined, { ref: false })]);
      server.forceShutdown();
      await callers[Symbol.asyncDispose]();
      await sizes[Symbol.asyncDispose]();
      await endpoint?.[Symbol.asyncDispose]();
      log({ event: "stopped" });
    },
  };
}
