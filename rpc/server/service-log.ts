import { status } from "@grpc/grpc-js";
import type { BaseLogger } from "pino";
import { type ErrorCode, PatchstreamError } from "../../plan/errors.js";
import type { Carrier } from "../carrier.js";
import { packageVersion } from "../package-version.js";
import type { ServiceName } from "../service.js";
import { STATUS_OF } from "../status.js";
import { type TokenOptions, wantsToken } from "./token-file.js";

/** What a service writes its log with: pino's loggers are such. */
export type ServiceLogger = Pick<BaseLogger, "error" | "warn" | "info" | "debug">;

/** A call, as far as a log may know it. */
export interface LoggedCall {
  readonly method: string;
  /** host:port, or unix:/path of the server's socket */
  readonly peer: string;
}

/** Frames of a stack, without the message: it may repeat what a request or a file holds. */
type Frames = readonly string[];

/**
 * All that a log may hold. There is no field for a message, a request or the name of a case: what stands in an event is a number, a
 * digest, an address, or a word of our own. Lines of others are in two: gRPC's own (`grpc-lines.ts`), and what the libraries in
 * a training's process print.
 */
export type ServiceEvent =
  | {
      readonly event: "started";
      readonly service: ServiceName;
      readonly address: string;
      readonly version: string;
      readonly tls: "none" | "server" | "mutual";
      readonly token: boolean;
    }
  /** `reason`: OpenSSL's code. */
  | { readonly event: "handshake-refused"; readonly peer: string; readonly reason: string }
  /** The peer left before it was over, as a probe does that only opens a connection. */
  | { readonly event: "handshake-cut"; readonly peer: string }
  | ({ readonly event: "token-refused"; readonly reason: string } & LoggedCall)
  | ({ readonly event: "call-refused"; readonly code: ErrorCode; readonly limit?: Limit } & LoggedCall)
  | ({ readonly event: "call-failed"; readonly code: ErrorCode; readonly frames: Frames } & LoggedCall)
  | {
      readonly event: "stream-opened";
      readonly stream: number;
      readonly peer: string;
      readonly carrier: Carrier;
      readonly digest: string;
      readonly timeline: string;
      readonly rank: number;
      readonly ranks: number;
    }
  | { readonly event: "stage-changed"; readonly stream: number; readonly stage: number; readonly fromStep: number }
  | {
      readonly event: "stream-ended";
      readonly stream: number;
      readonly outcome: "done" | "drained" | "client-gone" | "failed";
      /** Of a stream that failed. */
      readonly code?: ErrorCode;
      readonly batches: number;
      /** Of the batches' tensors. */
      readonly bytes: number;
      readonly seconds: number;
    }
  | { readonly event: "certificate-renewed"; readonly validTo: string }
  /** `revoked`: how many are accepted no more, or with other scopes. */
  | { readonly event: "tokens-renewed"; readonly tokens: number; readonly revoked: number }
  /** Files of certificates or tokens have changed and cannot be taken. `why` names the file. */
  | { readonly event: "renewal-refused"; readonly why: string }
  /** Lines of the audit log are lost from now on. */
  | { readonly event: "audit-failed"; readonly reason: string }
  | { readonly event: "draining"; readonly delaySeconds: number }
  | { readonly event: "listener-closed" }
  | { readonly event: "stopped" }
  | { readonly event: "worker-died"; readonly deaths: number }
  | { readonly event: "training-queued"; readonly training: string }
  | { readonly event: "training-started"; readonly training: string; readonly process: number }
  | { readonly event: "training-ended"; readonly training: string; readonly state: string }
  | { readonly event: "training-failed"; readonly training: string; readonly code: ErrorCode; readonly frames: Frames }
  /** `file` in the training's folder. */
  | { readonly event: "training-damaged"; readonly training: string; readonly file: string }
  /** `how`: a signal or an exit code. */
  | { readonly event: "process-died"; readonly process: number; readonly how: string }
  | { readonly event: "process-output"; readonly line: string }
  | { readonly event: "grpc"; readonly severity: "error" | "info"; readonly line: string };

/** Name and numbers of a limit that a call went beyond. */
interface Limit {
  readonly name: string;
  readonly got: number;
  readonly max: number;
}

/** A new event fails to compile until it has a level. */
const LEVELS: Readonly<Record<Exclude<ServiceEvent["event"], "grpc">, keyof ServiceLogger>> = {
  started: "info",
  "handshake-refused": "warn",
  "handshake-cut": "debug",
  "token-refused": "warn",
  "call-refused": "warn",
  "call-failed": "error",
  "stream-opened": "info",
  "stage-changed": "info",
  "stream-ended": "info",
  "certificate-renewed": "info",
  "tokens-renewed": "info",
  "renewal-refused": "warn",
  "audit-failed": "error",
  draining: "info",
  "listener-closed": "info",
  stopped: "info",
  "worker-died": "error",
  "training-queued": "info",
  "training-started": "info",
  "training-ended": "info",
  "training-failed": "error",
  "training-damaged": "error",
  "process-died": "error",
  "process-output": "debug",
};

/** Writes an event down. */
export type ServiceLog = (event: ServiceEvent) => void;

/** A log written with `logger`; without one, nothing is. */
export function serviceLog(logger: ServiceLogger | undefined): ServiceLog {
  if (logger === undefined) return () => {};
  return (event) => {
    const level = event.event === "grpc" ? event.severity : LEVELS[event.event];
    logger[level](event);
  };
}

/** Takes the lines that a training's process prints. */
export function logLines(log: ServiceLog): (line: string) => void {
  return (line) => log({ event: "process-output", line });
}

/** The event of a service that has begun to listen. */
export function startOf(
  service: ServiceName,
  address: string,
  { tls, ...tokens }: { readonly tls?: { readonly ca?: string } } & TokenOptions,
): ServiceEvent {
  const kind = tls === undefined ? "none" : tls.ca === undefined ? "server" : "mutual";
  return { event: "started", service, address, version: packageVersion, tls: kind, token: wantsToken(tokens) };
}

/** The event of files that cannot be taken; their readers tell what is wrong and never what they hold. */
export function refusedRenewal(error: unknown): ServiceEvent {
  return { event: "renewal-refused", why: error instanceof PatchstreamError ? error.message : codeOf(error) };
}

/** The code of a failure; INTERNAL for one that is none of ours. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof PatchstreamError ? error.code : "INTERNAL";
}

/** Where an error was made, without what it says. */
export function framesOf(error: unknown): Frames {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const start = error.stack.indexOf(error.message);
  if (start < 0) return [];
  const frames = error.stack.slice(start + error.message.length).split("\n");
  return frames.map((line) => line.trim()).filter((line) => line.startsWith("at "));
}

/** Statuses that say that something is wrong here, not with the call. */
const OUR_FAULT: readonly status[] = [status.INTERNAL, status.DATA_LOSS];
const OUR_CODES: readonly ErrorCode[] = ["WORKER_DIED", "PROCESS_DIED"];

/** The event of a call that ended with an error. */
export function failedCall(error: unknown, call: LoggedCall): ServiceEvent {
  const code = codeOf(error);
  if (OUR_FAULT.includes(STATUS_OF[code]) || OUR_CODES.includes(code))
    return { event: "call-failed", ...call, code, frames: framesOf(error) };
  if (!(error instanceof PatchstreamError)) return { event: "call-refused", ...call, code };
  const { facts } = error;
  if (facts.code === "UNAUTHENTICATED") return { event: "token-refused", ...call, reason: facts.reason };
  if (facts.code !== "SERVER_BUSY" && facts.code !== "LIMIT_EXCEEDED") return { event: "call-refused", ...call, code };
  const { limit: name, got, max } = facts;
  return { event: "call-refused", ...call, code, limit: { name, got, max } };
}
