/** How the time of a server divides among the batches that it sends, on whatever stream: each has what passed since the one before. */
export class ServedTime {
  #sentMs = Number.NEGATIVE_INFINITY;

  /** Microseconds that a batch took which was wanted at `wantedMs` (of performance.now()) and has been sent now. */
  sent(wantedMs: number): number {
    const now = performance.now();
    const tookMs = now - Math.max(wantedMs, this.#sentMs);
    this.#sentMs = now;
    return Math.min(2 ** 32 - 1, Math.round(1e3 * tookMs));
  }
}
