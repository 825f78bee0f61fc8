import { setTimeout } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import { openAccess } from "../../rpc/server/access.js";
import { addStandardServices } from "../../rpc/server/health.js";
import { implement } from "../../rpc/server/implement.js";
import { listen, serverOptions } from "../../rpc/server/listen.js";
import { serveMetrics } from "../../rpc/server/metrics-endpoint.js";
import { failedCall, serviceLog, startOf } from "../../rpc/server/service-log.js";
import { checkAccess } from "./data-servers.js";
import { TrainingEngines } from "./engines.js";
import { trainerHandlers } from "./handlers.js";
import { defaultMemoryBytes, MemoryBudget } from "./memory-budget.js";
import { createMetrics } from "./metrics.js";
import { predictionAdmission } from "./predict.js";
import type { TrainerBudget, TrainerOptions, TrainerServer } from "./serve.js";
import { SessionSizes } from "./session-sizes.js";
import { Trainings } from "./trainings.js";

function budgetOf({ trainings = 1, threads, memoryBytes = defaultMemoryBytes() }: TrainerOptions): TrainerBudget {
  // By how many may run, not by how many do: the last bits of a training depend on its threads.
  return { trainings, threadsEach: Math.max(1, Math.floor(threads / trainings)), memoryBytes };
}

/** Calls that are still open when all trainings have ended get this long. */
const DRAIN_MS = 10_000;

/** `serveTrainer`, with what a service needs. */
export async function openTrainer(options: TrainerOptions): Promise<TrainerServer> {
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
  const health = await addStandardServices(server, "TrainerService");
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
