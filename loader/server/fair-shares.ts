/** A stream whose batches take memory. */
export interface ShareHolder {
  /** Wants asked for and not completely sent. */
  readonly outstanding: number;
  /** Gives memory of batches that have not begun on the wire back, until the rest takes at most `bytes` or is one batch. */
  giveBack(bytes: number): void;
}

/**
 * The fair share of the memory for batches: every stream that wants some may have as much as the others, and one batch in any case. It is
 * kept when a cut begins, and when a stream waits for memory, those with more than their share give it back: a batch is a value and can be cut again.
 */
export class FairShares {
  readonly #budgetBytes: number;
  readonly #holders = new Set<ShareHolder>();

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Bytes that each stream may have now. */
  get shareBytes(): number {
    let active = 0;
    for (const { outstanding } of this.#holders) if (outstanding > 0) active++;
    return this.#budgetBytes / Math.max(1, active);
  }

  /** Counts a stream in; the function it gives counts it out. */
  join(holder: ShareHolder): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  /** Somebody waits for memory. */
  takeBack(): void {
    const share = this.shareBytes;
    for (const holder of this.#holders) holder.giveBack(share);
  }
}
