import { machineBytes } from "../../disk/machine-memory.js";
import { PatchstreamError } from "../../plan/errors.js";

/** Part of the machine's, or the container's, memory that a trainer takes where nobody says how much. */
const DEFAULT_SHARE = 0.75;

/** What trainings and predictions may take together where nobody says how much, in bytes. */
export function defaultMemoryBytes(): number {
  return Math.floor(DEFAULT_SHARE * machineBytes());
}

/** Memory that was taken; disposing it gives it back. */
export interface TakenMemory extends Disposable {
  readonly bytes: number;
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/**
 * The memory that trainings and predictions may take together. What one takes is estimated before it begins; nothing measures
 * what it comes to.
 */
export class MemoryBudget {
  readonly bytes: number;
  #taken = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  get free(): number {
    return this.bytes - this.#taken;
  }

  /** Throws LIMIT_EXCEEDED for more than there will ever be; `what` completes "... is estimated to take", `mend` "Give the trainer more, or ...". */
  checkFits(bytes: number, what: string, mend: string): void {
    if (bytes <= this.bytes) return;
    const facts = { limit: "memory_bytes", got: bytes, max: this.bytes };
    const hint =
      `${what} is estimated to take ${gibibytes(bytes)} of the trainer's ${gibibytes(this.bytes)}. ` +
      `Give the trainer more with --memory, or ${mend}.`;
    throw new PatchstreamError({ code: "LIMIT_EXCEEDED", ...facts }, hint);
  }

  /** Takes at least `need` bytes, up to `wanted` where they are free; undefined where `need` is not free now. */
  take(need: number, wanted = need): TakenMemory | undefined {
    if (need > this.free) return undefined;
    const bytes = Math.max(need, Math.min(wanted, this.free));
    this.#taken += bytes;
    let isGivenBack = false;
    return {
      bytes,
      [Symbol.dispose]: () => {
        if (isGivenBack) return;
        isGivenBack = true;
        this.#taken -= bytes;
        for (const listener of this.#listeners) listener();
      },
    };
  }

  /** Calls `listener` whenever memory is given back. */
  onFreed(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

/** Takes `bytes`, or throws LIMIT_EXCEEDED where they never are free, SERVER_BUSY where they are not now. */
export function takeMemory(memory: MemoryBudget, bytes: number): TakenMemory {
  memory.checkFits(bytes, "The prediction", "label the image where there is more");
  const taken = memory.take(bytes);
  if (taken) return taken;
  throw new PatchstreamError(
    { code: "SERVER_BUSY", limit: "memory_bytes", got: bytes, max: memory.free },
    "Trainings take the rest: ask again later.",
  );
}
