import type { StoredCase } from "../dataset/store.js";
import type { Arena } from "./arenas.js";
import { BLOCK_BYTES, blocksFor } from "./blocks.js";
import { volumeBytes } from "./volume-layout.js";

/** Where a volume lies: arena number and byte offset in it (up to 4 GiB, so never a signed 32-bit number). */
export interface VolumeHome {
  readonly arena: number;
  readonly offset: number;
}

interface Resident {
  readonly caseId: string;
  readonly home: VolumeHome;
  readonly firstBlock: number;
  /** Number of the last use, counted over all cases. */
  lastUse: number;
  /** Tasks that read or write it; it stays while there is one. */
  pins: number;
  readonly loaded: Promise<unknown>;
}

/** Reads a case into its home, in a worker. */
export type LoadVolume = (entry: StoredCase, home: VolumeHome) => Promise<unknown>;

/**
 * The volumes in the arenas, each loaded once however many ask for it at once.
 *
 * Batches draw their cases at random, so where not all fit, each new one would throw out one that is wanted as soon. Volumes
 * therefore stay once they are in, and what finds no room is read by region: as many hits, and no loads. Two things make
 * room, the least recently used first: a volume that has not been used for long (another run draws from other cases), and a
 * use that is worth a whole load by itself. One that is pinned always stays.
 */
export class VolumeCache {
  readonly #arenas: readonly Arena[];
  readonly #load: LoadVolume;
  /** Least recently used first. */
  readonly #residents = new Map<string, Resident>();
  readonly #longAgo: number;
  #uses = 0;
  readonly counts = { hits: 0, loads: 0, evictions: 0 };

  /** A volume may go after `longAgo` uses of others. */
  constructor(arenas: readonly Arena[], longAgo: number, load: LoadVolume) {
    this.#arenas = arenas;
    this.#longAgo = longAgo;
    this.#load = load;
  }

  /**
   * Runs `use` while the case is loaded and stays where it is; without a home where there is no room for it. With
   * `isWorthLoading`, room is made of whatever nobody has pinned.
   */
  async use<Result>(
    entry: StoredCase,
    isWorthLoading: boolean,
    use: (home?: VolumeHome) => Promise<Result>,
  ): Promise<Result> {
    this.#uses++;
    const resident = this.#find(entry.id) ?? this.#place(entry, isWorthLoading ? 0 : this.#longAgo);
    if (resident === undefined) return use();
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
    resident.lastUse = this.#uses;
    this.counts.hits++;
    return resident;
  }

  /** `idle`: how many uses ago volumes that make room were used last. */
  #place(entry: StoredCase, idle: number): Resident | undefined {
    const count = blocksFor(volumeBytes(entry));
    if (!this.#arenas.some(({ blocks }) => blocks.capacity >= count)) return undefined;
    do {
      for (const [arena, { blocks }] of this.#arenas.entries()) {
        const firstBlock = blocks.allocate(count);
        if (firstBlock !== undefined)
          return this.#admit(entry, { arena, offset: firstBlock * BLOCK_BYTES }, firstBlock);
      }
    } while (this.#evictOne(idle));
    return undefined;
  }

  /** The load has a pin of its own: its caller may leave early, but nobody else may get blocks that are being written. */
  #admit(entry: StoredCase, home: VolumeHome, firstBlock: number): Resident {
    this.counts.loads++;
    const loaded = this.#load(entry, home);
    const resident: Resident = { caseId: entry.id, home, firstBlock, lastUse: this.#uses, pins: 2, loaded };
    this.#residents.set(entry.id, resident);
    resident.loaded
      .catch(() => {
        this.#residents.delete(entry.id);
      })
      .finally(() => this.#unpin(resident));
    return resident;
  }

  #evictOne(idle: number): boolean {
    for (const [caseId, resident] of this.#residents) {
      if (this.#uses - resident.lastUse < idle) return false;
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
    const hasFailed = this.#residents.get(resident.caseId) !== resident;
    if (resident.pins === 0 && hasFailed) this.#free(resident);
  }

  #free({ home, firstBlock }: Resident): void {
    this.#arenas[home.arena]?.blocks.free(firstBlock);
  }
}
