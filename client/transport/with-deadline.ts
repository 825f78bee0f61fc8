/** Settles a wait, once. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface Wait {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Calls `act` once after a time; the answer takes it back. */
  after(ms: number, act: () => void): () => void;
  /** What the wait fails with when the deadline passes. */
  late(): Error;
}

/** Waits for at most the deadline, or until the signal aborts; `begin` starts the work and returns what ends it. */
export function withDeadline<T>(wait: Wait, begin: (settle: Settle<T>) => () => void): Promise<T> {
  const { signal, deadlineMs, after, late } = wait;
  return new Promise<T>((resolve, reject) => {
    let end = () => {};
    const stop = (settle: () => void) => {
      cancelTimer();
      signal.removeEventListener("abort", abort);
      end();
      settle();
    };
    const abort = () => stop(() => reject(signal.reason));
    const cancelTimer = after(deadlineMs, () => stop(() => reject(late())));
    signal.addEventListener("abort", abort, { once: true });
    end = begin({
      resolve: (value) => stop(() => resolve(value)),
      reject: (error) => stop(() => reject(error)),
    });
    if (signal.aborted) abort();
  });
}
