/** Memory is handed out in runs of blocks; a block is one WebAssembly page. */
export const BLOCK_BYTES = 65_536;

/** Blocks that hold `bytes`, at least one. */
export function blocksFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BLOCK_BYTES));
}

interface Run {
  start: number;
  count: number;
}

/** Which of `capacity` blocks are free. First fit, so that low addresses are used again first and untouched memory stays untouched. */
export class Blocks {
  readonly capacity: number;
  readonly #free: Run[];
  readonly #taken = new Map<number, number>();

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = capacity > 0 ? [{ start: 0, count: capacity }] : [];
  }

  /** Whether `allocate` would find a run of `count` blocks. */
  hasRoomFor(count: number): boolean {
    return this.#free.some((run) => run.count >= count);
  }

  /** First block of a run of `count` blocks side by side, or undefined when no gap is that long. */
  allocate(count: number): number | undefined {
    const index = this.#free.findIndex((run) => run.count >= count);
    const run = this.#free[index];
    if (run === undefined) return undefined;
    const { start } = run;
    run.start += count;
    this.#shorten(index, count);
    this.#taken.set(start, count);
    return start;
  }

  /** As `allocate`, but from the end of the last gap that is long enough, so that two kinds of runs split fewer gaps. */
  allocateLast(count: number): number | undefined {
    const index = this.#free.findLastIndex((run) => run.count >= count);
    const run = this.#free[index];
    if (run === undefined) return undefined;
    const start = run.start + run.count - count;
    this.#shorten(index, count);
    this.#taken.set(start, count);
    return start;
  }

  /** Gives back the run that `allocate` began at `start`. Throws when there is none: a run is given back once. */
  free(start: number): void {
    const count = this.#taken.get(start);
    if (count === undefined) throw new RangeError(`block ${start} does not begin an allocated run`);
    this.#taken.delete(start);
    const next = this.#free.findIndex((run) => run.start > start);
    const index = next === -1 ? this.#free.length : next;
    this.#free.splice(index, 0, { start, count });
    this.#join(index);
    this.#join(index - 1);
  }

  #shorten(index: number, count: number): void {
    const run = this.#free[index] as Run;
    run.count -= count;
    if (run.count === 0) this.#free.splice(index, 1);
  }

  #join(index: number): void {
    const [run, next] = [this.#free[index], this.#free[index + 1]];
    if (run === undefined || next === undefined || run.start + run.count !== next.start) return;
    run.count += next.count;
    this.#free.splice(index + 1, 1);
  }
}
