import { PatchstreamError } from "../../../plan/errors.js";
import { WaitingLine } from "../memory/waiting-line.js";
import type { CutPart, CutTask, Done, Outcome, Task, WorkerSetup, Written } from "./task.js";
import { WorkerThread } from "./worker-thread.js";

/** A task fails when this many threads in a row died while running it. */
const ATTEMPTS = 3;

/**
 * Threads that run tasks in the order they came. A waiting task can be aborted. A running one is not: that would kill its
 * thread while it writes. A task whose thread dies is run again.
 */
export class WorkerThreads implements AsyncDisposable {
  readonly #threads: readonly WorkerThread[];
  readonly #idle: WorkerThread[];
  readonly #line = new WaitingLine();
  readonly #onDeath: (deaths: number) => void;
  #deaths = 0;
  #decodedBytes = 0;
  #isClosed = false;

  /** `onDeath` is told, each time that a thread has died, how many have so far. */
  constructor(count: number, setupOf: (worker: number) => WorkerSetup, onDeath: (deaths: number) => void = () => {}) {
    this.#onDeath = onDeath;
    this.#threads = Array.from({ length: count }, (_, worker) => new WorkerThread(setupOf(worker)));
    this.#idle = [...this.#threads];
  }

  /** Threads that died at work so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Bytes that finished tasks decoded from the store so far. */
  get decodedBytes(): number {
    return this.#decodedBytes;
  }

  /** Runs a task on the next idle thread and returns what it wrote. Throws what the task failed with, or WORKER_DIED. */
  async run(task: Task, signal?: AbortSignal): Promise<Written> {
    const thread = await this.#line.take(() => {
      if (this.#isClosed) throw closed();
      return this.#idle.pop();
    }, signal);
    try {
      const done = doneOf(await this.#runUntilDone(thread, task));
      this.#decodedBytes += done.decodedBytes;
      return done.written;
    } finally {
      this.#idle.push(thread);
      this.#line.retry();
    }
  }

  async #runUntilDone(thread: WorkerThread, task: Task): Promise<Outcome> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await thread.run(task);
      } catch (error) {
        if (this.#isClosed) throw closed();
        this.#onDeath(++this.#deaths);
        if (attempts < ATTEMPTS) continue;
        const reason = error instanceof Error ? error.message : String(error);
        const doing = task.kind === "load" ? `loading case ${task.caseId}` : `cutting from ${casesOf(task)}`;
        throw new PatchstreamError({ code: "WORKER_DIED", doing, attempts, reason }, undefined, { cause: error });
      }
    }
  }

  /** Ends the threads. Tasks that still run or wait reject. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

/** Tasks that wait or begin after the engine was closed reject with this. */
export function closed(): DOMException {
  return new DOMException("The engine was closed.", "AbortError");
}

function casesOf({ parts }: CutTask): string {
  const [{ caseId }] = parts as readonly [CutPart, ...CutPart[]];
  return parts.length === 1 ? `case ${caseId}` : `case ${caseId} and ${parts.length - 1} more`;
}

function doneOf(outcome: Outcome): Done {
  if (outcome.ok) return outcome;
  if ("bug" in outcome) throw outcome.bug;
  throw new PatchstreamError(outcome.facts, outcome.hint);
}
