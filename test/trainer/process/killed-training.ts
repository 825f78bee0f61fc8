import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UNFINISHED_PREFIX } from "../../../disk/write-file.js";
import type { TrainingEvent } from "../../../trainer/index.js";
import { type JobProcess, startJob } from "../../../trainer/process/start.js";
import { checkpointPath, readCheckpointHeader, resumePoint } from "../../../trainer/run-folder/checkpoint.js";
import { EventLog } from "../../../trainer/run-folder/event-log.js";
import { parseRunSpec } from "../../../trainer/spec.js";

export interface TrainingPlace {
  readonly folder: string;
  /** Addresses of the data servers. */
  readonly data: readonly string[];
  readonly run: object;
  /** Memory that the engine may keep between two steps. */
  readonly keptBytes?: number;
}

/** The process of a training, to be killed; and what it has told so far. */
export interface Victim {
  readonly pid: number;
  readonly folder: string;
  kill(): void;
}

/** Sees an event as it comes, and each moment just before a checkpoint is written. */
export interface Disturbance {
  event?(event: TrainingEvent, victim: Victim): void;
  beforeCheckpoint?(victim: Victim): void;
}

const KILLED = new Error("killed by the test");

/**
 * Trains in `folder` as a trainer does, with a log, from the last checkpoint there: one process, until it ends or `disturbance` kills it. Resolves
 * to "done", or "killed".
 */
export async function trainOnce(
  { run, ...place }: TrainingPlace,
  disturbance: Disturbance = {},
): Promise<"done" | "killed"> {
  const { folder } = place;
  const log = new EventLog(folder, { ended: true });
  await log.rewindTo(resumePoint(readCheckpointHeader(folder)));
  const job = { ...place, connection: {}, run: parseRunSpec(run), engine: "onnx", threads: 1 };
  const process: JobProcess<unknown> = startJob("train", job, {
    doing: "trains for this test",
    notice: () => undefined,
    log: () => undefined,
    onMessage(message) {
      const victim = { pid: process.pid, folder, kill: () => process.kill(KILLED) };
      if (message.kind === "event") {
        log.append(message.event);
        disturbance.event?.(message.event, victim);
      } else if (message.kind === "flush")
        // Nobody may wait for the message to leave: the disturbance blocks this thread.
        void process.send({ kind: "flushed" }).then(() => disturbance.beforeCheckpoint?.(victim));
    },
  });
  return process.ended.then(
    () => "done",
    (error: unknown) => {
      if (error === KILLED) return "killed";
      throw error;
    },
  );
}

/** Whether the process `pid` is stopped by a signal (Linux). */
function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

/** Calls `look` until it says true, at most for `mostMs`, without a pause: what it looks for lasts milliseconds. */
function watchFor(look: () => boolean, mostMs: number): boolean {
  const end = performance.now() + mostMs;
  while (performance.now() < end) if (look()) return true;
  return false;
}

/**
 * Kills the victim in the middle of writing a checkpoint: it is stopped as soon as there is a file under a temporary name, and killed if that is
 * still there. True where it was; else it goes on.
 */
export function killWhileItWrites({ pid, folder, kill }: Victim): boolean {
  const isWriting = () => readdirSync(folder).some((name) => name.startsWith(UNFINISHED_PREFIX));
  if (!watchFor(isWriting, 2_000)) return false;
  globalThis.process.kill(pid, "SIGSTOP");
  if (watchFor(() => isStopped(pid), 2_000) && isWriting()) {
    kill();
    return true;
  }
  globalThis.process.kill(pid, "SIGCONT");
  return false;
}

/** What a person sees of an event, without what a clock says. */
function timeless(event: TrainingEvent): TrainingEvent {
  if (event.kind === "step") return { ...event, step: { ...event.step, waitedMs: 0, stepMs: 0 } };
  if (event.kind !== "epoch") return event;
  const seconds = { trainSeconds: 0, waitedSeconds: 0, validationSeconds: 0, secondsLeft: 0 };
  return { ...event, epoch: { ...event.epoch, ...seconds } };
}

/** All that a training has left, to be compared with what another one has. */
export async function remains(folder: string) {
  const events: TrainingEvent[] = [];
  const log = new EventLog(folder, { ended: true });
  for await (const event of log.follow(new AbortController().signal)) events.push(timeless(event));
  const sha256 = (file: string) =>
    existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "none";
  const of = <Kind extends TrainingEvent["kind"]>(kind: Kind) => events.filter((event) => event.kind === kind);
  return {
    stages: of("stage"),
    steps: of("step"),
    epochs: of("epoch"),
    decided: of("decided"),
    evaluated: of("evaluated"),
    decisions: readFileSync(join(folder, "timeline.jsonl"), "utf8"),
    latest: sha256(checkpointPath(folder)),
    best: sha256(checkpointPath(folder, "best")),
    unfinished: readdirSync(folder).filter((name) => name.startsWith(UNFINISHED_PREFIX)),
  };
}
