import type { Server } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { PACKAGE, PROTO_FOLDER, protoFiles } from "../../proto/proto-files.js";
import type { ServiceName } from "../service.js";

/** Turns the health of one service, and of the server as a whole. */
export interface Health {
  /** Changes what health checks are answered. */
  set(status: "SERVING" | "NOT_SERVING"): void;
}

/** Adds grpc.health.v1 (SERVING at once, for `service` and for the empty name) and server reflection. */
export function addStandardServices(server: Server, service: ServiceName): Health {
  const health = new HealthImplementation({ "": "SERVING", [`${PACKAGE}.${service}`]: "SERVING" });
  health.addToServer(server);
  new ReflectionService(loadSync(protoFiles(), { includeDirs: [PROTO_FOLDER] }), {
    services: [`${PACKAGE}.${service}`],
  }).addToServer(server);
  return {
    set(status) {
      health.setStatus("", status);
      health.setStatus(`${PACKAGE}.${service}`, status);
    },
  };
}
