import type { StoredCase } from "../dataset/store.js";
import type { Arena } from "./arenas.js";
import { BLOCK_BYTES, blocksFor } from "./blocks.js";
import { volumeBytes } from "./volume-layout.js";
import { WaitingLine } from "./waiting-line.js";

/** Where a volume lies: arena number and byte offset in it (up to 4 GiB, so never a signed 32-bit number). */
export interface VolumeHome {
  readonly arena: number;
  readonly offset: number;
}

interface Resident {
  readonly caseId: string;
  readonly home: VolumeHome;
  readonly firstBlock: number;
  /** Tasks that read or write it; it stays while there is one. */
  pins: number;
  readonly loaded: Promise<unknown>;
}

/** Reads a case into its home, in a worker. */
export type LoadVolume = (entry: StoredCase, home: VolumeHome) => Promise<unknown>;

/**
 * The volumes in the arenas, each loaded once however many ask for it at once. The least recently used one that nobody
 * has pinned makes room; when all are pinned, callers wait in order.
 */
export class VolumeCache {
  readonly #arenas: readonly Arena[];
  readonly #load: LoadVolume;
  /** Least recently used first. */
  readonly #residents = new Map<string, Resident>();
  readonly #line = new WaitingLine();
  readonly counts = { hits: 0, loads: 0, evictions: 0 };

  constructor(arenas: readonly Arena[], load: LoadVolume) {
    this.#arenas = arenas;
    this.#load = load;
  }

  /** Whether some arena could hold the case if it were empty. */
  fits(entry: StoredCase): boolean {
    return this.#arenas.some(({ blocks }) => blocks.capacity >= blocksFor(volumeBytes(entry)));
  }

  /** Runs `use` while the case is loaded and stays where it is. The case must fit. */
  async use<Result>(
    entry: StoredCase,
    signal: AbortSignal,
    use: (home: VolumeHome) => Promise<Result>,
  ): Promise<Result> {
    const resident = await this.#line.take(() => this.#find(entry.id) ?? this.#place(entry), signal);
    try {
      await resident.loaded;
      return await use(resident.home);
    } finally {
      this.#unpin(resident);
    }
  }

  #find(caseId: string): Resident | undefined {
    const resident = this.#residents.get(caseId);
    if (resident === undefined) return undefined;
    this.#residents.delete(caseId);
    this.#residents.set(caseId, resident);
    resident.pins++;
    this.counts.hits++;
    return resident;
  }

  #place(entry: StoredCase): Resident | undefined {
    const count = blocksFor(volumeBytes(entry));
    do {
      for (const [arena, { blocks }] of this.#arenas.entries()) {
        const firstBlock = blocks.allocate(count);
        if (firstBlock !== undefined)
          return this.#admit(entry, { arena, offset: firstBlock * BLOCK_BYTES }, firstBlock);
      }
    } while (this.#evictOne());
    return undefined;
  }

  /** The load has a pin of its own: its caller may leave early, but nobody else may get blocks that are being written. */
  #admit(entry: StoredCase, home: VolumeHome, firstBlock: number): Resident {
    this.counts.loads++;
    const resident: Resident = { caseId: entry.id, home, firstBlock, pins: 2, loaded: this.#load(entry, home) };
    this.#residents.set(entry.id, resident);
    resident.loaded
      .catch(() => {
        this.#residents.delete(entry.id);
      })
      .finally(() => this.#unpin(resident));
    return resident;
  }

  #evictOne(): boolean {
    for (const [caseId, resident] of this.#residents) {
      if (resident.pins > 0) continue;
      this.#residents.delete(caseId);
      this.#free(resident);
      this.counts.evictions++;
      return true;
    }
    return false;
  }

  #unpin(resident: Resident): void {
    resident.pins--;
    if (resident.pins > 0) return;
    if (this.#residents.get(resident.caseId) !== resident) this.#free(resident); // its load failed
    this.#line.retry();
  }

  #free({ home, firstBlock }: Resident): void {
    this.#arenas[home.arena]?.blocks.free(firstBlock);
  }
}
