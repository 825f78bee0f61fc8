import { setTimeout } from "node:timers/promises";
import { Piscina } from "piscina";
import type { Outcome, Task, WorkerSetup } from "./task.js";

/** What runs is let end for so long: a thread that is ended while it begins to decode aborts the whole process (Node 20's zlib: `close before init`). */
const LET_END_MS = 2_000;

/**
 * One thread that runs one task at a time. When it has died, the next task gets a new one. Each thread has its own pool, because
 * a pool of several threads forgets a waiting task whose thread dies while it starts (piscina 5.3.2).
 */
export class WorkerThread implements AsyncDisposable {
  readonly #setup: WorkerSetup;
  #pool: Piscina<Task, Outcome>;
  #isLost = false;
  /** Resolves when the thread has loaded its modules, or died while loading them. */
  #loaded: Promise<void> = Promise.resolve();
  /** Settles with the task that runs. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    this.#pool = this.#start();
  }

  /** Runs a task. Rejects only if the thread dies. */
  async run(task: Task): Promise<Outcome> {
    if (this.#isLost) await this.#replace();
    try {
      const running = this.#pool.run(task);
      this.#running = running;
      return await running;
    } catch (error) {
      this.#isLost = true;
      throw error;
    }
  }

  /**
   * Ends the thread, and with it a task that runs on. Ending a thread while it loads a module aborts the whole process (Node 20:
   * `v8::Module::IsGraphAsync must be used on an instantiated module`), so this waits until modules are loaded.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#pool.threads.length > 0) await this.#loaded;
    await Promise.race([this.#running.catch(() => {}), setTimeout(LET_END_MS, undefined, { ref: false })]);
    await this.#pool.destroy();
  }

  /** The pool has often begun a successor to the thread that died, which is loading then. */
  async #replace(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#isLost = false;
    this.#pool = this.#start();
  }

  #start(): Piscina<Task, Outcome> {
    const pool = new Piscina<Task, Outcome>({
      filename: new URL("./worker.js", import.meta.url).href,
      workerData: this.#setup,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // piscina loads modules with `require` where Node can: a thread that ends just behind the module's last line aborts the process then.
      execArgv: ["--no-experimental-require-module"],
    });
    const lose = () => {
      if (pool === this.#pool) this.#isLost = true;
    };
    pool.on("error", lose);
    pool.on("workerDestroy", () => {
      lose();
      if (pool === this.#pool) this.#loaded = loadedNext(pool);
    });
    this.#loaded = loadedNext(pool);
    return pool;
  }
}

/** Resolves when a thread of the pool says that it has loaded, or dies. */
function loadedNext(pool: Piscina): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["message", "workerDestroy"]) pool.once(event, () => resolve());
  });
}
