import { Server } from "@grpc/grpc-js";
import { type ListenOptions, listen, SERVER_OPTIONS } from "../../proto/listen.js";
import { implement } from "../../proto/serve.js";
import { addStandardServices } from "../../proto/standard.js";
import type { TrainerSettings } from "../training.js";
import { trainerHandlers } from "./handlers.js";
import { Trainings } from "./trainings.js";

export interface TrainerOptions extends ListenOptions, TrainerSettings {
  /** Folder of all trainings, one folder each; made where there is none. */
  readonly runsFolder: string;
  /** Calls must carry it as `authorization: Bearer TOKEN`. */
  readonly token?: string;
}

/** The trainer service, listening. Disposing it ends trainings after the step in progress, then closes. */
export interface TrainerServer extends AsyncDisposable {
  /** host:port */
  readonly address: string;
}

/** Serves TrainerService, grpc.health.v1 and server reflection. */
export async function serveTrainer(options: TrainerOptions): Promise<TrainerServer> {
  const { runsFolder, token } = options;
  const trainings = new Trainings(runsFolder, options);
  const server = new Server(SERVER_OPTIONS);
  implement(server, "TrainerService", trainerHandlers(trainings, options), token === undefined ? {} : { token });
  const health = addStandardServices(server, "TrainerService");
  const address = await listen(server, options);
  return {
    address,
    async [Symbol.asyncDispose]() {
      health.set("NOT_SERVING");
      await trainings[Symbol.asyncDispose]();
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    },
  };
}
