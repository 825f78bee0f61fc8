import type { MemoryBudget } from "./memory-budget.js";

/** Equal shares of the memory that nobody takes who does not need them: they are for what else the memory is for. */
const SHARES_LEFT = 1;

/** What waits for its turn. */
export interface Waiting {
  /** The least memory that it can begin with. */
  readonly need: { readonly bytes: number };
}

export interface TurnsOptions<Entry> {
  /** How many may run at the same time. */
  readonly places: number;
  readonly memory: MemoryBudget;
  /** Resolves when it is over; never rejects. `bytes` is the memory that it may take: an equal share, or what it needs where that is more. */
  readonly begin: (entry: Entry, bytes: number) => Promise<void>;
}

/**
 * Lets entries run in the order in which they came, as many at a time as there are places and memory for. One that does not fit holds up those
 * behind it: a large one would never begin otherwise.
 */
export class Turns<Entry extends Waiting> {
  readonly #options: TurnsOptions<Entry>;
  #waiting: Entry[] = [];
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: TurnsOptions<Entry>) {
    this.#options = options;
    options.memory.onFreed(() => this.#beginNext());
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#beginNext();
  }

  /** Takes an entry out that waits; false where it does not. */
  remove(entry: Entry): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== entry);
    const isRemoved = this.#waiting.length < before;
    if (isRemoved) this.#beginNext(); // those that it held up may fit
    return isRemoved;
  }

  #beginNext(): void {
    const { places, memory, begin } = this.#options;
    while (!this.#isClosed && this.#running.size < places) {
      const [next] = this.#waiting;
      const taken = next && memory.take(next.need.bytes, Math.floor(memory.bytes / (places + SHARES_LEFT)));
      if (next === undefined || taken === undefined) return;
      this.#waiting.shift();
      const over = begin(next, taken.bytes).finally(() => {
        this.#running.delete(over);
        taken[Symbol.dispose]();
      });
      this.#running.add(over);
    }
  }

  /** Begins nothing more; gives back those that wait. */
  close(): Entry[] {
    this.#isClosed = true;
    return this.#waiting.splice(0);
  }

  /** Resolves when nothing runs any more. */
  async over(): Promise<void> {
    await Promise.all(this.#running);
  }
}
