import { PatchstreamError } from "../../plan/errors.js";
import { BLOCK_BYTES, Blocks, blocksFor } from "./blocks.js";
import { WaitingLine } from "./waiting-line.js";

/** A batch's memory, held until `release`. */
export interface Slot {
  /** Bytes from the start of the pool's memory. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Frees the slot, once: calling it again does nothing. `bytes` must not be used afterwards. */
  release(): void;
}

/**
 * Memory for batches: one shared buffer of the whole budget, so that it can neither grow nor depend on when garbage is
 * collected. When no gap is long enough, callers wait in order.
 */
export class SlotPool {
  readonly memory: SharedArrayBuffer;
  readonly #blocks: Blocks;
  readonly #line = new WaitingLine();
  #leased = 0;

  constructor(budgetBytes: number) {
    this.#blocks = new Blocks(Math.floor(budgetBytes / BLOCK_BYTES));
    this.memory = new SharedArrayBuffer(this.#blocks.capacity * BLOCK_BYTES);
  }

  /** Slots that are held now. */
  get leased(): number {
    return this.#leased;
  }

  /** A slot of `byteLength` bytes, once there is room. Throws LIMIT_EXCEEDED when there never can be. */
  async lease(byteLength: number, signal?: AbortSignal): Promise<Slot> {
    const count = blocksFor(byteLength);
    if (count > this.#blocks.capacity) {
      throw new PatchstreamError(
        { code: "LIMIT_EXCEEDED", limit: "the batch in bytes", got: byteLength, max: this.memory.byteLength },
        "Give the engine a larger slot budget, or the run a smaller batch or 16-bit images.",
      );
    }
    const start = await this.#line.take(() => this.#blocks.allocate(count), signal);
    const offset = start * BLOCK_BYTES;
    let isHeld = true;
    this.#leased++;
    return {
      offset,
      bytes: new Uint8Array(this.memory, offset, byteLength),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#leased--;
        this.#blocks.free(start);
        this.#line.retry();
      },
    };
  }
}
