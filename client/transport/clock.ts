/** What the transport knows of time; a simulator may stand in for it. */
export interface Clock {
  /** Milliseconds of a steady clock. */
  now(): number;
  /** Calls `act` once, `ms` milliseconds from now; the answer takes it back. */
  after(ms: number, act: () => void): () => void;
}

/** The machine's own. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
