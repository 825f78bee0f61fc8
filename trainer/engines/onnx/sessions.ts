import type { InferenceSession } from "onnxruntime-node";
import { encodeModel, type Graph } from "./model-proto.js";
import type { OnnxRuntime } from "./runtime.js";

/** Sessions kept: one for the stage's steps, one for predictions. A session holds the memory of its largest run. */
const KEPT = 2;

/** Sessions by a key of what they compute; the least recently used one is released when there are too many. */
export class SessionCache implements AsyncDisposable {
  readonly #runtime: OnnxRuntime;
  readonly #threads: number;
  readonly #sessions = new Map<string, InferenceSession>();

  constructor(runtime: OnnxRuntime, threads: number) {
    this.#runtime = runtime;
    this.#threads = threads;
  }

  /** The session of `key`, made from `build()` unless it is kept already. */
  async get(key: string, build: () => Graph): Promise<InferenceSession> {
    const session = this.#sessions.get(key) ?? (await this.#open(build()));
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    for (const [oldest, idle] of this.#sessions) {
      if (this.#sessions.size <= KEPT) break;
      this.#sessions.delete(oldest);
      await idle.release();
    }
    return session;
  }

  #open(graph: Graph): Promise<InferenceSession> {
    return this.#runtime.ort.InferenceSession.create(encodeModel(graph), {
      executionProviders: [this.#runtime.provider],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      enableMemPattern: false, // with it the first run and the later ones have memory of their own: twice as much
      // Threads that wait would otherwise spin, on the cores that a data server on the same machine needs.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }
}
