import { crc32 } from "../../checksum/crc.js";

const FIRST_CAPACITY = 1024;

/**
 * Remembers which events of a training were told, four bytes each. A trainer begins each stream with the whole history; what was told is left
 * out then. A training that was resumed meanwhile has another history from some event on: that is new.
 */
export class ToldEvents {
  #checksums = new Uint32Array(FIRST_CAPACITY);
  #count = 0;
  #position = 0;

  /** The history begins again. */
  rewind(): void {
    this.#position = 0;
  }

  /** All that was told has come again. */
  get isCaughtUp(): boolean {
    return this.#position === this.#count;
  }

  /** Takes the next event of the history; true where it was not told before. */
  isNew(event: object): boolean {
    const checksum = crc32(Buffer.from(JSON.stringify(event)));
    const at = this.#position++;
    if (at < this.#count && this.#checksums[at] === checksum) return false;
    if (at === this.#checksums.length) {
      const larger = new Uint32Array(2 * at);
      larger.set(this.#checksums);
      this.#checksums = larger;
    }
    this.#checksums[at] = checksum;
    this.#count = this.#position;
    return true;
  }
}
