import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { PatchstreamError } from "../../plan/errors.js";
import type { ServiceLog } from "../../rpc/server/service-log.js";
import { preloads } from "../../rpc/tracing/open-tracing.js";
import type { FromProcess, JobName, Jobs, ToProcess } from "./messages.js";
import { receivedFailure } from "./sent-failure.js";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

/** A job in a process of its own, which ends with it and with this process. */
export interface JobProcess<Result> {
  readonly pid: number;
  /** Resolves when the process has ended; rejects with its failure, or PROCESS_DIED where it had no time to tell one. */
  readonly ended: Promise<Result>;
  /** Resolves when the message has left; one to a process that is gone is lost. */
  send(message: ToProcess): Promise<void>;
  /** Ends it with no chance to do anything; `ended` rejects with `reason`. */
  kill(reason: unknown): void;
}

export interface JobOptions {
  /** Completes "the process that ...". */
  readonly doing: string;
  /** What the job says in the meantime, in order. */
  readonly onMessage?: (message: FromProcess) => void;
  /** Told each line that the process prints: libraries log there, and a crash says why. */
  readonly notice: (line: string) => void;
  /** Told of a process that ended without an outcome. */
  readonly log: ServiceLog;
}

/** Starts a process for one job. Throws PROCESS_DIED where the system cannot start one. */
export function startJob<Name extends JobName>(
  name: Name,
  job: Jobs[Name]["job"],
  { doing, onMessage, notice, log }: JobOptions,
): JobProcess<Jobs[Name]["result"]> {
  // Standard input is the process's lifeline (`lifeline.ts`). Of our own flags only those on memory are for every process, and
  // those that start OpenTelemetry's SDK.
  const execArgv = [...process.execArgv.filter((flag) => flag.startsWith("--max-")), ...preloads()];
  const child = fork(MAIN, { serialization: "advanced", execArgv, stdio: ["pipe", "pipe", "pipe", "ipc"] });
  let said: string | undefined;
  const tell = (line: string) => {
    if (line.trim() === "") return;
    said = line;
    notice(line);
  };
  for (const output of [child.stdout, child.stderr]) if (output) readLines(output, tell);
  let last: Extract<FromProcess, { kind: "result" | "failed" }> | undefined;
  let killed: { readonly reason: unknown } | undefined;
  child.on("message", (message: FromProcess) => {
    if (message.kind === "result" || message.kind === "failed") last = message;
    else if (message.kind === "notice") notice(message.line);
    else onMessage?.(message);
  });
  const outcome = async () => {
    const how = await exitOf(child);
    if (killed) throw killed.reason;
    if (last?.kind === "failed") throw receivedFailure(last.failure);
    if (last?.kind === "result") return last.result as Jobs[Name]["result"];
    log({ event: "process-died", process: child.pid ?? 0, how });
    const reason = said === undefined ? how : `${how}, saying: ${said}`;
    const hint = how === "SIGKILL" ? "Most often memory has run out." : undefined;
    throw new PatchstreamError({ code: "PROCESS_DIED", doing, reason }, hint);
  };
  const ended = outcome();
  ended.catch(() => undefined); // those who wait get the error; nobody has to wait
  const send = (message: ToProcess): Promise<void> =>
    new Promise((resolve) => {
      if (child.connected) child.send(message, () => resolve());
      else resolve();
    });
  void send({ kind: "job", name, job });
  return {
    pid: child.pid ?? 0,
    ended,
    send,
    kill(reason) {
      killed ??= { reason };
      child.kill("SIGKILL");
    },
  };
}

function readLines(output: Readable, tell: (line: string) => void): void {
  createInterface(output).on("line", tell);
}

/** How a process ended, in a few words; resolves when all that it sent and printed has been read. */
async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "close");
    return signal ?? `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
