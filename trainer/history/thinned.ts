/** What has changed in a `Thinned` since it was asked last: entries from `from` on replace those that were there. */
export interface ThinnedChange<T> {
  /** Values that an entry stands for: 1, 2, 4, ... Where it has grown, `from` is 0. */
  readonly width: number;
  readonly from: number;
  readonly entries: readonly (T | undefined)[];
}

/**
 * A long list of numbered values in at most `most` entries. Entry i stands for the values i x width to before (i + 1) x width, put together
 * with `merge`; the width doubles when there is no room. So 250,000 steps take no more memory, or pixels, than 2,000.
 */
export class Thinned<T> {
  readonly #most: number;
  readonly #merge: (earlier: T, later: T) => T;
  #entries: (T | undefined)[] = [];
  #width = 1;
  #changedFrom = 0;

  constructor(most: number, merge: (earlier: T, later: T) => T) {
    this.#most = most;
    this.#merge = merge;
  }

  /** Takes value number `index`, which comes after all that were taken. */
  add(index: number, value: T): void {
    while (index >= this.#most * this.#width) this.#halve();
    const at = Math.floor(index / this.#width);
    const before = this.#entries[at];
    this.#entries[at] = before === undefined ? value : this.#merge(before, value);
    this.#changedFrom = Math.min(this.#changedFrom, at);
  }

  /** Forgets the values from number `index` on; of an entry in whose midst that is, what is in it stays. */
  forgetFrom(index: number): void {
    const first = Math.ceil(index / this.#width);
    if (first >= this.#entries.length) return;
    this.#entries.length = first;
    this.#changedFrom = Math.min(this.#changedFrom, first);
  }

  /** All entries, as they are now. */
  get entries(): readonly (T | undefined)[] {
    return this.#entries;
  }

  /** What has changed since the last call; undefined where nothing has. */
  take(): ThinnedChange<T> | undefined {
    const from = this.#changedFrom;
    if (from === Number.POSITIVE_INFINITY) return undefined;
    this.#changedFrom = Number.POSITIVE_INFINITY;
    return { width: this.#width, from, entries: this.#entries.slice(from) };
  }

  #halve(): void {
    const entries: (T | undefined)[] = [];
    for (let at = 0; at < this.#entries.length; at += 2) {
      const [earlier, later] = [this.#entries[at], this.#entries[at + 1]];
      entries.push(earlier !== undefined && later !== undefined ? this.#merge(earlier, later) : (earlier ?? later));
    }
    this.#entries = entries;
    this.#width *= 2;
    this.#changedFrom = 0;
  }
}
