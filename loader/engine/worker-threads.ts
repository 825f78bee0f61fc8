import { Piscina } from "piscina";
import { PatchstreamError } from "../../plan/errors.js";
import type { RunChecksum } from "./batch-checksum.js";
import type { Outcome, Task, WorkerSetup } from "./task.js";
import { WaitingLine } from "./waiting-line.js";

/** A task that killed this many threads in a row is given up. */
const ATTEMPTS = 3;

/**
 * Threads that run tasks in the order they came. A task that waits can be aborted; one that runs never is, for that would
 * kill its thread while it writes. A task whose thread dies is run again on another one.
 */
export class WorkerThreads implements AsyncDisposable {
  readonly #pool: Piscina<Task, Outcome>;
  readonly #line = new WaitingLine();
  #idle: number;
  #deaths = 0;

  constructor(count: number, setup: WorkerSetup) {
    this.#idle = count;
    this.#pool = new Piscina<Task, Outcome>({
      filename: new URL("./worker.js", import.meta.url).href,
      workerData: setup,
      minThreads: count,
      maxThreads: count,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
    });
  }

  /** Threads that died so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Runs a task on the next idle thread; checksums of what it cut. Throws what the task failed with, or WORKER_DIED. */
  async run(task: Task, signal?: AbortSignal): Promise<readonly RunChecksum[]> {
    await this.#line.take(() => (this.#idle > 0 ? this.#idle-- : undefined), signal);
    try {
      return checksumsOf(await this.#runOnSomeThread(task));
    } finally {
      this.#idle++;
      this.#line.retry();
    }
  }

  async #runOnSomeThread(task: Task): Promise<Outcome> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#pool.run(task);
      } catch (error) {
        this.#deaths++;
        if (attempts < ATTEMPTS) continue;
        const reason = error instanceof Error ? error.message : String(error);
        const doing = task.kind === "load" ? `loading case ${task.caseId}` : `cutting from case ${task.caseId}`;
        throw new PatchstreamError({ code: "WORKER_DIED", doing, attempts, reason }, undefined, { cause: error });
      }
    }
  }

  /** Ends the threads; tasks must have settled. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

function checksumsOf(outcome: Outcome): readonly RunChecksum[] {
  if (outcome.ok) return outcome.checksums;
  if ("bug" in outcome) throw new Error(outcome.bug);
  throw new PatchstreamError(outcome.facts, outcome.hint);
}
