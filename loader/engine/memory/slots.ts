import { PatchstreamError } from "../../../plan/errors.js";
import type { Arena } from "./arenas.js";
import { BLOCK_BYTES, blocksFor } from "./blocks.js";
import { WaitingLine } from "./waiting-line.js";

/** Where a batch lies: arena number, and bytes from the arena's start. */
export interface SlotPlace {
  readonly arena: number;
  readonly offset: number;
}

/** A batch's memory, held until `release`. */
export interface Slot extends SlotPlace {
  readonly bytes: Uint8Array;
  /** Frees the slot, once: calling it again does nothing. `bytes` must not be used afterwards. */
  release(): void;
}

/**
 * Memory for batches: the arenas' blocks for slots, reserved at the start, so that it can neither grow nor depend on when garbage
 * is collected. When no gap is long enough, callers wait in order.
 */
export class SlotPool {
  readonly #arenas: readonly Arena[];
  readonly #line = new WaitingLine();
  #leased = 0;

  constructor(arenas: readonly Arena[]) {
    this.#arenas = arenas;
  }

  /** Slots that are held now. */
  get leased(): number {
    return this.#leased;
  }

  /** Callers that wait for a slot now. */
  get waiting(): number {
    return this.#line.length;
  }

  /** A slot of `byteLength` bytes, once there is room. Throws LIMIT_EXCEEDED when there never can be. */
  async lease(byteLength: number, signal?: AbortSignal): Promise<Slot> {
    const count = blocksFor(byteLength);
    const largest = Math.max(0, ...this.#arenas.map(({ slotBlocks }) => slotBlocks.capacity));
    if (count > largest) {
      throw new PatchstreamError(
        { code: "LIMIT_EXCEEDED", limit: "the batch in bytes", got: byteLength, max: largest * BLOCK_BYTES },
        "Give the engine a larger slot budget, or the run a smaller batch or 16-bit images.",
      );
    }
    const { arena, start } = await this.#line.take(() => this.#allocate(count), signal);
    const { memory, blocks, slotBlocks } = this.#arenas[arena] as Arena;
    const offset = (blocks.capacity + start) * BLOCK_BYTES;
    let isHeld = true;
    this.#leased++;
    return {
      arena,
      offset,
      bytes: new Uint8Array(memory.buffer, offset, byteLength),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#leased--;
        slotBlocks.free(start);
        this.#line.retry();
      },
    };
  }

  #allocate(count: number): { readonly arena: number; readonly start: number } | undefined {
    for (const [arena, { slotBlocks }] of this.#arenas.entries()) {
      const start = slotBlocks.allocate(count);
      if (start !== undefined) return { arena, start };
    }
    return undefined;
  }
}
