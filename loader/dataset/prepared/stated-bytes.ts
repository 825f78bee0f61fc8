/** Longest line that is read: the first one holds plans, splits and the names of all cases. */
const MOST_LINE_BYTES = 2 ** 28;

/** The stream ended in the middle of what was to come. */
export class StreamEnded extends Error {}

/** Lines and arrays of stated length, one after the other, from a stream of bytes. */
export class StatedBytes {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The JSON value of the next line. Throws StreamEnded. */
  async json(): Promise<unknown> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      parts.push(end < 0 ? this.#rest : this.#rest.subarray(0, end));
      length += end < 0 ? this.#rest.length : end;
      if (length > MOST_LINE_BYTES) throw new Error(`a line has more than ${MOST_LINE_BYTES} bytes`);
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        return JSON.parse(Buffer.concat(parts).toString());
      }
      await this.#next();
    }
  }

  /** Fills `target` with the bytes that follow. Throws StreamEnded. */
  async fill(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      if (this.#rest.length === 0) await this.#next();
      const taken = this.#rest.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
  }

  async #next(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done) throw new StreamEnded("it ended early");
    this.#rest = value;
  }
}
