const NAMES = [
  "requests",
  "retries",
  "receivedBytes",
  "cacheHits",
  "cacheHitBytes",
  "cacheMisses",
  "cacheRemovedBytes",
  "damagedReads",
] as const;

/** What is counted of a remote store's reads; see `store-metrics.ts` for what each tells. */
export type ReadCount = (typeof NAMES)[number];

/** Memory that all threads of a process count in. Plain data: a thread that is given it counts in the same. */
export type CountMemory = BigInt64Array<SharedArrayBuffer>;

export function countMemory(): CountMemory {
  return new BigInt64Array(new SharedArrayBuffer(NAMES.length * BigInt64Array.BYTES_PER_ELEMENT));
}

/** What reading a remote store took, by all threads together. It only grows. */
export class ReadCounts {
  readonly #memory: CountMemory;

  constructor(memory: CountMemory = countMemory()) {
    this.#memory = memory;
  }

  add(name: ReadCount, amount = 1): void {
    Atomics.add(this.#memory, NAMES.indexOf(name), BigInt(amount));
  }

  get(name: ReadCount): number {
    return Number(Atomics.load(this.#memory, NAMES.indexOf(name)));
  }
}
