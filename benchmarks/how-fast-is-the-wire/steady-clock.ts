/** Bytes per second of a stream once it flows: what comes before is opening it and cutting the first batches. */
export class SteadyClock {
  readonly #untimedBytes: number;
  #startMs = 0;
  #startBytes = 0;
  #endMs = 0;
  totalBytes = 0;

  constructor(untimedBytes: number) {
    this.#untimedBytes = untimedBytes;
  }

  received(byteLength: number): void {
    const isUntimed = this.totalBytes < this.#untimedBytes;
    this.totalBytes += byteLength;
    this.#endMs = performance.now();
    if (!isUntimed) return;
    this.#startMs = this.#endMs;
    this.#startBytes = this.totalBytes;
  }

  bytesPerSecond(): number {
    return (this.totalBytes - this.#startBytes) / ((this.#endMs - this.#startMs) / 1e3);
  }
}
