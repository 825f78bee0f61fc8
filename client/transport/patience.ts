const SHORTEST_MS = 250;

/** How long a silence is too long for a kind of answer, by how long answers took lately. */
export class Patience {
  #recentMs = 0;

  /** Milliseconds after which the same is asked elsewhere. */
  get hedgeMs(): number {
    return Math.max(SHORTEST_MS, 3 * this.#recentMs);
  }

  /** An answer, or the next part of one, took that long. */
  took(ms: number): void {
    this.#recentMs = Math.max(ms, (this.#recentMs + ms) / 2);
  }
}

/** Milliseconds of silence, at first, after which a connection is given up for a new one; it doubles until something comes. */
export const FIRST_RENEWAL_MS = 5_000;
/** The same beside another replica, where little is lost: it has what is owed, too, or nothing is owed yet but the opening of a stream. */
export const FIRST_CHEAP_RENEWAL_MS = 1_000;
/** How often silences are looked at. */
export const TICK_MS = 50;
