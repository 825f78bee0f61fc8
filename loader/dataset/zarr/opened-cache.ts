/** Something that takes memory while it is kept. */
interface Sized {
  readonly byteLength: number;
}

interface Entry<Value> {
  readonly opening: Promise<Value>;
  /** 0 until it is open. */
  byteLength: number;
}

/**
 * Keeps what was opened, the least recently used first out once all together take more than `maxBytes`. What cannot be opened is
 * not kept: its next use tries again.
 */
export class OpenedCache<Value extends Sized> {
  readonly #maxBytes: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is kept under `key`, or what `open` gives. Callers that come while it opens share that. */
  get(key: string, open: () => Promise<Value>): Promise<Value> {
    const kept = this.#entries.get(key);
    if (kept !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, kept);
      return kept.opening;
    }
    const entry: Entry<Value> = { opening: open(), byteLength: 0 };
    this.#entries.set(key, entry);
    entry.opening.then(
      ({ byteLength }) => this.#opened(key, entry, byteLength),
      () => this.#forget(key, entry),
    );
    return entry.opening;
  }

  #opened(key: string, entry: Entry<Value>, byteLength: number): void {
    if (this.#entries.get(key) !== entry) return;
    entry.byteLength = byteLength;
    this.#bytes += byteLength;
    for (const [oldKey, old] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      if (old !== entry) this.#forget(oldKey, old);
    }
  }

  #forget(key: string, entry: Entry<Value>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.byteLength;
  }
}
