import type { Server } from "@grpc/grpc-js";
import { PACKAGE } from "../../proto/proto-files.js";
import type { ServiceName } from "../service.js";
import { addReflection } from "./reflection.js";

/** Turns the health of one service, and of the server as a whole. */
export interface Health {
  /** Changes what health checks are answered. */
  set(status: "SERVING" | "NOT_SERVING"): void;
}

/** Adds grpc.health.v1 (SERVING at once, for `service` and for the empty name) and server reflection. */
export async function addStandardServices(server: Server, service: ServiceName): Promise<Health> {
  const { HealthImplementation } = await import("grpc-health-check"); // reads and compiles its .proto: a server's business alone
  const health = new HealthImplementation({ "": "SERVING", [`${PACKAGE}.${service}`]: "SERVING" });
  health.addToServer(server);
  addReflection(server, [`${PACKAGE}.${service}`, "grpc.health.v1.Health"]);
  return {
    set(status) {
      health.setStatus("", status);
      health.setStatus(`${PACKAGE}.${service}`, status);
    },
  };
}
