import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of its own that receives: what else lies in a process's heap is collected with what it receives. */
export interface Receiver<Job extends object> extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What the script answers: bytes per second, or what else it measures. */
  receive(job: Job): Promise<number>;
}

/** Starts `script`, a module that calls `answerJobs`, by its place from this one. */
export function startReceiver<Job extends object>(script: string, args: readonly string[]): Receiver<Job> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args);
  const exited = once(child, "exit");
  const ended = exited.then((): never => {
    throw new Error(`${script} ended`);
  });
  ended.catch(() => undefined); // seen by whoever waits for an answer
  return {
    process: child,
    async receive(job) {
      child.send(job);
      const [measured] = await Promise.race([once(child, "message"), ended]);
      return measured as number;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** In the receiver's process: answers each job with what `receive` measured. */
export function answerJobs<Job>(receive: (job: Job) => Promise<number>): void {
  process.on("message", async (job: Job) => process.send?.(await receive(job)));
}
