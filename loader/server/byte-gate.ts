import { WaitingLine } from "../engine/memory/waiting-line.js";

/** Lets as many bytes through at once as its budget; more than the budget only alone. */
export class ByteGate {
  readonly #budgetBytes: number;
  readonly #line = new WaitingLine();
  #inside = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Waits in order for room; the function it gives makes room again. */
  async enter(bytes: number, signal: AbortSignal): Promise<() => void> {
    await this.#line.take(() => {
      if (this.#inside > 0 && this.#inside + bytes > this.#budgetBytes) return undefined;
      this.#inside += bytes;
      return true;
    }, signal);
    return () => {
      this.#inside -= bytes;
      this.#line.retry();
    };
  }
}
