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

export interface LeaseOptions {
  /** Ends the wait; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once where the slot is not there at once. */
  readonly onWait?: () => void;
}

/** A batch of at most this share of all slots is small, and this share of them is the small ones' own. */
const SMALL_SHARE = 1 / 8;

/**
 * Memory for batches: the arenas' blocks for slots. It is reserved at the start, so it does not grow and does not depend on the
 * garbage collector. When no gap is long enough, callers wait in order.
 *
 * Small batches and large ones wait in two lines, so that a small one never waits for the large ones of somebody else: the large ones
 * leave an eighth of the memory free, unless one of them needs it all. While a large one waits, small ones leave it what it needs.
 */
export class SlotPool {
  readonly #arenas: readonly Arena[];
  readonly #capacity: number;
  readonly #lines = { small: new WaitingLine(), large: new WaitingLine() };
  /** Blocks of the large slots that are waited for, in order. */
  readonly #largeWaits: number[] = [];
  /** Blocks held. */
  readonly #held = { small: 0, large: 0 };
  #leased = 0;

  constructor(arenas: readonly Arena[]) {
    this.#arenas = arenas;
    this.#capacity = arenas.reduce((sum, { slotBlocks }) => sum + slotBlocks.capacity, 0);
  }

  /** Slots that are held now. */
  get leased(): number {
    return this.#leased;
  }

  /** Callers that wait for a slot now. */
  get waiting(): number {
    return this.#lines.small.length + this.#lines.large.length;
  }

  /** A slot of `byteLength` bytes, once there is room. Throws LIMIT_EXCEEDED where there can never be room. */
  async lease(byteLength: number, { signal, onWait }: LeaseOptions = {}): Promise<Slot> {
    const count = blocksFor(byteLength);
    const largest = Math.max(0, ...this.#arenas.map(({ slotBlocks }) => slotBlocks.capacity));
    if (count > largest) {
      throw new PatchstreamError(
        { code: "LIMIT_EXCEEDED", limit: "the batch in bytes", got: byteLength, max: largest * BLOCK_BYTES },
        "Give the engine a larger slot budget, or the run a smaller batch or 16-bit images.",
      );
    }
    const kind = count <= this.#ownOfSmall ? "small" : "large";
    const place =
      kind === "small" ? await this.#takeSmall(count, signal, onWait) : await this.#takeLarge(count, signal, onWait);
    const { arena, start } = place;
    const { memory, blocks, slotBlocks } = this.#arenas[arena] as Arena;
    const offset = (blocks.capacity + start) * BLOCK_BYTES;
    let isHeld = true;
    return {
      arena,
      offset,
      bytes: new Uint8Array(memory.buffer, offset, byteLength),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#leased--;
        this.#held[kind] -= count;
        slotBlocks.free(start);
        this.#retry();
      },
    };
  }

  get #ownOfSmall(): number {
    return Math.floor(this.#capacity * SMALL_SHARE);
  }

  #takeSmall(count: number, signal?: AbortSignal, onWait?: () => void): Promise<Place> {
    const taking = this.#lines.small.take(() => {
      const leftByLarge = this.#capacity - (this.#largeWaits[0] ?? 0);
      if (this.#held.small + count > Math.max(leftByLarge, this.#ownOfSmall)) return undefined;
      return this.#allocate("small", count);
    }, signal);
    if (this.#lines.small.length > 0) onWait?.();
    return taking;
  }

  async #takeLarge(count: number, signal?: AbortSignal, onWait?: () => void): Promise<Place> {
    this.#largeWaits.push(count);
    const taking = this.#lines.large.take(() => {
      if (this.#held.large > 0 && this.#held.large + count > this.#capacity - this.#ownOfSmall) return undefined;
      return this.#allocate("large", count);
    }, signal);
    if (this.#lines.large.length > 0) onWait?.();
    try {
      return await taking;
    } finally {
      this.#largeWaits.splice(this.#largeWaits.indexOf(count), 1);
      this.#retry();
    }
  }

  #retry(): void {
    this.#lines.large.retry();
    this.#lines.small.retry();
  }

  #allocate(kind: "small" | "large", count: number): Place | undefined {
    for (const [arena, { slotBlocks }] of this.#arenas.entries()) {
      const start = slotBlocks.allocate(count);
      if (start === undefined) continue;
      this.#held[kind] += count;
      this.#leased++;
      return { arena, start };
    }
    return undefined;
  }
}

/** Arena number, and the first of its blocks for slots. */
interface Place {
  readonly arena: number;
  readonly start: number;
}
