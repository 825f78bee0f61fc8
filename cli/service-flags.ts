import { Socket } from "node:net";
import { type Command, InvalidArgumentError, Option } from "commander";
import { PatchstreamError } from "../plan/index.js";
import { logGrpcLines, type ServiceLogger, serviceLog } from "../rpc/index.js";
import { type CommonOptions, printJson } from "./output.js";
import { abortedBySignals } from "./stop-signal.js";

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/** What every service takes beside where it listens: how much it logs, and how it ends. */
export interface ServiceFlags {
  readonly logLevel: string;
  readonly drainDelay: number;
  readonly untilStdinCloses?: boolean;
}

export function addServiceFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--log-level <level>", 'log events of this level and above, as JSON lines on stderr; "silent": none')
        .choices(LEVELS)
        .default("info"),
    )
    .option(
      "--drain-delay <seconds>",
      "go on for so long after SIGTERM, with health NOT_SERVING, before connections are refused",
      seconds,
      0,
    )
    .option(
      "--until-stdin-closes",
      "stop, as on SIGTERM, when standard input closes: with a pipe there, the service ends with the process that started it",
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400) throw new InvalidArgumentError("It must be 0 to 86400 seconds.");
  return value;
}

/**
 * Runs a service. With `--json` a program reads one line of it: where it listens, or `{"error":{"code":...}}` with the facts of why it
 * does not.
 */
export async function tellFailure({ json }: CommonOptions, service: () => Promise<void>): Promise<void> {
  try {
    await service();
  } catch (error) {
    if (json && error instanceof PatchstreamError) {
      const { facts, hint } = error;
      printJson({ error: { ...facts, ...(hint !== undefined && { hint }) } });
    }
    throw error;
  }
}

/** A service's options for its flags. grpc-js's own lines go to the same log. */
export async function serviceOptions({ logLevel, drainDelay }: ServiceFlags): Promise<{
  readonly logger: ServiceLogger;
  readonly drainDelayMs: number;
}> {
  const logger = await openLog(logLevel);
  logGrpcLines(serviceLog(logger));
  return { logger, drainDelayMs: Math.round(1e3 * drainDelay) };
}

/** JSON lines on stderr. A log that cannot be written (a full disk, a reader that has gone) ends no service. */
async function openLog(level: string): Promise<ServiceLogger> {
  const { destination, pino, stdTimeFunctions } = await import("pino");
  const stderr = destination({ dest: 2, sync: true });
  stderr.on("error", () => {});
  const formatters = { level: (label: string) => ({ level: label }) };
  const logger: ServiceLogger = pino(
    { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, formatters },
    stderr,
  );
  return logger;
}

/**
 * Aborts at the first SIGINT or SIGTERM, and where the flags say so when standard input closes. The next signal of either ends the
 * process at once, as the system does it.
 */
export function stopSignal({ untilStdinCloses }: ServiceFlags): AbortSignal {
  const stop = abortedBySignals();
  if (untilStdinCloses) {
    const end = () => stop.abort();
    process.stdin.on("error", end).on("end", end).on("close", end).resume();
    if (process.stdin instanceof Socket) process.stdin.unref(); // a file or a terminal closes by itself
  }
  return stop.signal;
}
