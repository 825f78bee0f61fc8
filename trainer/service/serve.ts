import { Server } from "@grpc/grpc-js";
import { addStandardServices } from "../../rpc/server/health.js";
import { implement } from "../../rpc/server/implement.js";
import { type ListenOptions, listen, serverOptions } from "../../rpc/server/listen.js";
import { type MetricsOptions, serveMetrics } from "../../rpc/server/metrics-endpoint.js";
import { checkAccess, type DataAccess } from "./data-servers.js";
import { TrainingEngines } from "./engines.js";
import { trainerHandlers } from "./handlers.js";
import { createMetrics } from "./metrics.js";
import { Trainings } from "./trainings.js";

/** Where a trainer listens, and what its trainings use. */
export interface TrainerOptions extends ListenOptions, MetricsOptions {
  /** Folder of all trainings, one folder each; made where there is none. */
  readonly runsFolder: string;
  /** How data servers are reached, and which may be called. */
  readonly access: DataAccess;
  /** Engine of trainings whose spec says "auto". */
  readonly engine: string;
  /** CPU threads of the engine. */
  readonly threads: number;
  /** Told in one line what happens: a training that begins or ends, one that is damaged, what its process prints. */
  readonly notice: (line: string) => void;
}

/** The trainer service, listening. Disposing it ends trainings after the step in progress, then closes. */
export interface TrainerServer extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** host:port of the metrics, where they were asked for. */
  readonly metricsAddress: string | undefined;
}

/** Calls that are still open when all trainings have ended get this long. */
const DRAIN_MS = 10_000;

function shutDown(server: Server): Promise<void> {
  const late = setTimeout(() => server.forceShutdown(), DRAIN_MS);
  return new Promise((resolve) =>
    server.tryShutdown(() => {
      clearTimeout(late);
      resolve();
    }),
  );
}

/**
 * Serves TrainerService, grpc.health.v1, server reflection and, where a port is given, Prometheus metrics. Throws
 * ENGINE_MISSING where no engine can train here, SPEC_INVALID where a secret might go to anybody.
 */
export async function serveTrainer(options: TrainerOptions): Promise<TrainerServer> {
  const { token, access, notice } = options;
  checkAccess(access);
  const metrics = createMetrics();
  const engines = await TrainingEngines.open(options.engine, notice);
  const trainings = new Trainings({ ...options, engines, observe: metrics.observe });
  const server = new Server(serverOptions());
  implement(server, "TrainerService", trainerHandlers(trainings, { ...options, engines }), {
    ...(token !== undefined && { token }),
    onFailure: (_status, error) => metrics.failure(error),
    onEnd: metrics.callEnded,
  });
  const health = addStandardServices(server, "TrainerService");
  const address = await listen(server, options);
  const endpoint = await serveMetrics(metrics.registry, options);
  return {
    address,
    metricsAddress: endpoint?.address,
    async [Symbol.asyncDispose]() {
      health.set("NOT_SERVING");
      await trainings[Symbol.asyncDispose]();
      await endpoint?.[Symbol.asyncDispose]();
      await shutDown(server);
    },
  };
}
