/** Tells what is left of a study: by the estimate of its runs, corrected by what this session has taken so far. */
export class StudyClock {
  readonly #beganMs: number;
  readonly #nowMs: () => number;
  /** Of all runs that are not done, in estimated seconds (or in operations, where no second is known). */
  readonly #total: number;
  readonly #shares = new Map<string, number>();
  readonly #sizes: ReadonlyMap<string, number>;
  /** How much of the runs was done before, so that the pace is that of this session. */
  readonly #before = new Map<string, number>();
  readonly #estimatedSeconds: number | undefined;

  /** `sizes`: of each run that is to be done; `estimatedSeconds`: of all of them together. */
  constructor(
    sizes: ReadonlyMap<string, number>,
    { estimatedSeconds, nowMs }: { readonly estimatedSeconds: number | undefined; readonly nowMs: () => number },
  ) {
    this.#sizes = sizes;
    this.#nowMs = nowMs;
    this.#beganMs = nowMs();
    this.#total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    this.#estimatedSeconds = estimatedSeconds;
  }

  /** A share of a run is done, 0 to 1; `isBefore`: it was before this session. */
  done(run: string, share: number, isBefore = false): void {
    if (isBefore) this.#before.set(run, share);
    this.#shares.set(run, share);
  }

  get secondsLeft(): number | undefined {
    const size = (shares: ReadonlyMap<string, number>) =>
      [...shares].reduce((sum, [run, share]) => sum + share * (this.#sizes.get(run) ?? 0), 0);
    const all = size(this.#shares);
    const now = all - size(this.#before);
    if (now <= 0) return this.#estimatedSeconds;
    return (((this.#nowMs() - this.#beganMs) / 1000) * (this.#total - all)) / now;
  }
}
