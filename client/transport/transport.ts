import { Worker } from "node:worker_threads";
import { PatchstreamError } from "../../plan/errors.js";
import { isTraced, preloads } from "../../rpc/tracing/open-tracing.js";
import type { CallName, Delivered, FromThread, ToThread, TransportCalls } from "./messages.js";
import type { ThreadStart } from "./thread.js";

/** How long the end of a connection waits for its last spans to be sent. */
const FLUSH_MS = 2_000;

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The main thread's end of the transport thread: sockets, deadlines and pings live there, so that a training loop that
 * blocks for seconds delays none of them. The thread keeps the process alive only while a call is waited for.
 */
export class Transport implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #gone: PatchstreamError | undefined;

  constructor(start: ThreadStart) {
    // Flags of the main script, such as --input-type, are not the thread's, but those that start OpenTelemetry's SDK.
    const execArgv = preloads();
    this.#worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: start, execArgv });
    this.#worker.unref();
    this.#worker.on("message", (message: FromThread) => this.#settle(message));
    this.#worker.on("error", (error) => this.#end(error.message));
    this.#worker.on("exit", (code) => this.#end(`it ended with code ${code}`));
  }

  call<Name extends CallName>(
    name: Name,
    args: TransportCalls[Name]["args"],
    signal?: AbortSignal,
  ): Promise<TransportCalls[Name]["answer"]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#gone !== undefined) throw this.#gone;
      const id = ++this.#calls;
      const abort = () => {
        this.#post({ id, cancel: true });
        settle(() => reject(signal?.reason));
      };
      const settle = (act: () => void) => {
        signal?.removeEventListener("abort", abort);
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#worker.unref();
        act();
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, {
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      });
      this.#post({ id, name, args });
    });
  }

  /** Throws where the thread is gone. */
  delivered(message: Delivered): void {
    if (this.#gone !== undefined) throw this.#gone;
    this.#post(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isTraced()) await this.call("flushTraces", {}, AbortSignal.timeout(FLUSH_MS)).catch(() => {});
    this.#end("the connection was closed");
    await this.#worker.terminate();
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #settle(message: FromThread): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if ("failure" in message) pending.reject(new PatchstreamError(message.failure.facts, message.failure.hint));
    else pending.resolve(message.answer as never);
  }

  #end(reason: string): void {
    this.#gone ??= new PatchstreamError({ code: "INTERNAL", where: "the client's transport thread", reason });
    for (const { reject } of [...this.#pending.values()]) reject(this.#gone);
  }
}
