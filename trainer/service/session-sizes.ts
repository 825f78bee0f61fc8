import { Piscina } from "piscina";
import type { BatchShape, StepKind } from "../engines/onnx/step-graph.js";
import type { NetworkDescription } from "../networks/network.js";

/** What the engine does with a batch: takes a step, validates, or predicts. */
export interface SizedTask extends BatchShape {
  readonly task: "step" | "validate" | "predict";
}

/** What a session of the engine is estimated to take, in bytes. */
export interface SessionSize {
  /** Kept between two runs. */
  readonly keptBytes: number;
  /** Values that live together while it runs; in what it keeps, unless it was made anew to keep little. */
  readonly runBytes: number;
}

export interface SizesOf {
  readonly network: NetworkDescription;
  readonly kind: StepKind;
  readonly tasks: readonly SizedTask[];
}

/** Milliseconds after which a thread without work ends. */
const IDLE_MS = 10_000;

/**
 * What sessions of the engine take, by building their graphs: that takes up to seconds for a large network, so it is done in a thread beside the
 * one that answers all calls. One thread, which begins with its first task; tasks wait in line.
 */
export class SessionSizes implements AsyncDisposable {
  readonly #pool = new Piscina<SizesOf, SessionSize[]>({
    filename: new URL("./session-sizes-thread.js", import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    execArgv: [],
  });

  /** In the order of `tasks`. */
  of(asked: SizesOf): Promise<readonly SessionSize[]> {
    return this.#pool.run(asked);
  }

  /** Resolves when what was asked before is answered, and the thread has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.close();
  }
}
