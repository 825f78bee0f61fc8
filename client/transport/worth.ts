import type { Clock } from "./clock.js";

/** Of so many batches, the middle one counts: the first ones wait for volumes to be read, and a machine stumbles now and then. */
const MOST_KEPT = 9;
/** With fewer nothing is known. */
const LEAST = 4;
/** What was measured longer ago may not hold any more. */
const GOOD_FOR_MS = 10_000;

/** What a replica is worth, as it was measured lately: how long it takes for a byte of a batch while it owes others, too. */
export class Worth {
  readonly #clock: Clock;
  #measured: readonly number[] = [];
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A batch that was owed together with the one before took so long from that one. One that was asked for alone says nothing: its time is
   * the way there and back, and a replica that gets few wants would look slow, and get fewer.
   */
  took(ms: number, bytes: number): void {
    const former = this.#isOld ? [] : this.#measured;
    this.#measured = [...former, ms / bytes].slice(-MOST_KEPT);
    this.#measuredMs = this.#clock.now();
  }

  /** Undefined: nobody knows. */
  get msPerByte(): number | undefined {
    if (this.#isOld || this.#measured.length < LEAST) return undefined;
    return this.#measured.toSorted((a, b) => a - b)[Math.floor(this.#measured.length / 2)];
  }

  get #isOld(): boolean {
    return this.#clock.now() - this.#measuredMs >= GOOD_FOR_MS;
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
