import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds between two looks. */
const RESOLUTION_MS = 5;

/** For how long this process's event loop stood still, so that nobody was answered. */
export class EventLoopPause implements AsyncDisposable {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delay.enable();
  }

  /** Seconds of the longest pause since this was last asked. */
  takeLongestSeconds(): number {
    const longestMs = this.#delay.max / 1e6 - RESOLUTION_MS;
    this.#delay.reset();
    return Math.max(0, longestMs) / 1e3;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#delay.disable();
  }
}
