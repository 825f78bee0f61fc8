/** What the transport knows of time; a simulator may stand in for it. */
export interface Clock {
  /** Milliseconds of a steady clock. */
  now(): number;
  /** Calls `act` once, `ms` milliseconds from now; the answer takes it back. */
  after(ms: number, act: () => void): () => void;
}

/**
 * What comes later than it should by this: the process stood still (suspended, or in a debugger). Whatever a server sent meanwhile has not
 * been looked at, so that time counts against nobody.
 */
export const MOST_LATE_MS = 500;

/** The machine's own. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
