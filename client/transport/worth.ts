import type { Clock } from "./clock.js";

/** Share of the newest batch in the mean. */
const NEWEST = 0.2;
/** What was measured longer ago may not hold any more. */
const GOOD_FOR_MS = 10_000;

/** What a replica is worth, as it was measured lately: how long it takes for a byte of a batch while it owes one. */
export class Worth {
  readonly #clock: Clock;
  #msPerByte: number | undefined;
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A batch took so long from being wanted, or from the batch before. */
  took(ms: number, bytes: number): void {
    const msPerByte = ms / bytes;
    const former = this.msPerByte ?? msPerByte;
    this.#msPerByte = former + NEWEST * (msPerByte - former);
    this.#measuredMs = this.#clock.now();
  }

  /** Undefined: nobody knows. */
  get msPerByte(): number | undefined {
    return this.#clock.now() - this.#measuredMs < GOOD_FOR_MS ? this.#msPerByte : undefined;
  }
}

/** What is known of a replica when a batch is to be asked for. */
export interface Candidate {
  /** Bytes that it owes, the new batch among them. */
  readonly bytes: number;
  readonly msPerByte: number | undefined;
}

/**
 * Milliseconds until each of them would have sent all that it owes. One that is not measured counts as the best of the others: so it
 * gets batches, and is measured. In bytes where none is.
 */
export function finishTimes(candidates: readonly Candidate[]): readonly number[] {
  const known = candidates.flatMap(({ msPerByte }) => msPerByte ?? []);
  const best = known.length === 0 ? 1 : Math.min(...known);
  return candidates.map(({ bytes, msPerByte = best }) => bytes * msPerByte);
}
