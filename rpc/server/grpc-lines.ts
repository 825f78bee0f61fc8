import { setLogger } from "@grpc/grpc-js";
import type { ServiceLog } from "./service-log.js";

/** grpc-js (1.14, `metadata.js`) prints a header that it does not take with its value, which may be a token. */
const HEADER = /^Failed to add metadata entry /;

/**
 * Gives what grpc-js would print on stderr to a log. grpc-js has one logger for a process, so this is for a process that serves and
 * does nothing else. Its traces are left out: they hold the headers of calls.
 */
export function logGrpcLines(log: ServiceLog): void {
  const write =
    (severity: "error" | "info") =>
    (...words: unknown[]) => {
      const line = words.map(String).join(" ");
      const safe = HEADER.test(line) ? "a header of a call was left out: its value is not printable ASCII" : line;
      log({ event: "grpc", severity, line: safe });
    };
  setLogger({ error: write("error"), info: write("info"), debug: () => {} });
}
