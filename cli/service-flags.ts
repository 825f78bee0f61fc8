import { type Command, InvalidArgumentError, Option } from "commander";
import { logGrpcLines, type ServiceLogger, serviceLog } from "../rpc/index.js";

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/** What every service takes beside where it listens: how much it logs, and how it ends. */
export interface ServiceFlags {
  readonly logLevel: string;
  readonly drainDelay: number;
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
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400) throw new InvalidArgumentError("It must be 0 to 86400 seconds.");
  return value;
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

/** Aborts at the first SIGINT or SIGTERM. The next one of either ends the process at once, as the system does it. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const end = () => {
    for (const name of names) process.off(name, end);
    stop.abort();
  };
  for (const name of names) process.on(name, end);
  return stop.signal;
}
