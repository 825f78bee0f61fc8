import { type Clock, MOST_LATE_MS } from "./clock.js";

/** How often a wait looks at the time. */
const LOOK_MS = 1_000;

/** Settles a wait, once. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface Wait {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** What the wait fails with when the deadline passes. */
  late(): Error;
}

/** Waits for at most the deadline, counted in time in which this process ran, or until the signal aborts; `begin` starts the work and returns what ends it. */
export function withDeadline<T>(wait: Wait, begin: (settle: Settle<T>) => () => void): Promise<T> {
  const { signal, deadlineMs, clock, late } = wait;
  return new Promise<T>((resolve, reject) => {
    let end = () => {};
    let cancelTimer = () => {};
    let leftMs = deadlineMs;
    const look = () => {
      const [beganMs, waitMs] = [clock.now(), Math.min(leftMs, LOOK_MS)];
      cancelTimer = clock.after(waitMs, () => {
        leftMs -= Math.min(clock.now() - beganMs, waitMs + MOST_LATE_MS);
        if (leftMs > 0) look();
        else stop(() => reject(late()));
      });
    };
    const stop = (settle: () => void) => {
      cancelTimer();
      signal.removeEventListener("abort", abort);
      end();
      settle();
    };
    const abort = () => stop(() => reject(signal.reason));
    look();
    signal.addEventListener("abort", abort, { once: true });
    end = begin({
      resolve: (value) => stop(() => resolve(value)),
      reject: (error) => stop(() => reject(error)),
    });
    if (signal.aborted) abort();
  });
}
