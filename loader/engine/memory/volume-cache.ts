import type { StoredCase } from "../../dataset/dataset.js";
import type { Arena } from "./arenas.js";
import { BLOCK_BYTES, blocksFor } from "./blocks.js";
import { volumeBytes } from "./volume-layout.js";
import type { WaitingLine } from "./waiting-line.js";

/** Where a volume lies: arena number and byte offset in it (up to 4 GiB, so never a signed 32-bit number). */
export interface VolumeHome {
  readonly arena: number;
  readonly offset: number;
}

interface Resident {
  readonly caseId: string;
  readonly home: VolumeHome;
  readonly firstBlock: number;
  readonly count: number;
  /** Number of the last use, counted over all cases. */
  lastUse: number;
  /** Tasks that read or write it; it stays while there is one. */
  pins: number;
  readonly loaded: Promise<unknown>;
  isLoaded: boolean;
}

/** How a case is used. */
export interface UseOptions {
  readonly arena: number;
  readonly isWorthLoading: boolean;
  readonly fetched?: (fetch: { readonly beganMs: number; readonly endedMs: number }) => void;
}

/** Reads a case into its home, in a worker. */
export type LoadVolume = (entry: StoredCase, home: VolumeHome) => Promise<unknown>;

/**
 * The volumes in the arenas. Each is loaded once, also when several callers ask for it at the same time.
 *
 * Batches draw their cases at random. Where not all volumes fit, each new one would replace one that is just as likely to be
 * wanted next. Volumes therefore stay once they are loaded, and the others are read by region: the number of hits is the same,
 * and nothing is loaded twice. Room is made in two cases, from the least recently used volume on: when a volume has not been
 * used for long (another run draws from other cases), and when one use needs so many patches that a whole load pays. A pinned
 * volume always stays.
 */
export class VolumeCache {
  readonly #arenas: readonly Arena[];
  readonly #load: LoadVolume;
  /** Callers that wait for blocks. */
  readonly #line: WaitingLine;
  /** Least recently used first. */
  readonly #residents = new Map<string, Resident>();
  /** All volumes that have blocks: those that are loaded, and those that failed to load while a caller waits for them. */
  readonly #placed = new Set<Resident>();
  readonly #largestLabel: number;
  readonly #longAgo: number;
  #uses = 0;
  readonly counts = { hits: 0, loads: 0, evictions: 0 };

  /** A volume may go after `longAgo` uses of others. `line` is tried again when one is unpinned. */
  constructor(
    arenas: readonly Arena[],
    { largestLabel, longAgo }: { readonly largestLabel: number; readonly longAgo: number },
    line: WaitingLine,
    load: LoadVolume,
  ) {
    this.#arenas = arenas;
    this.#largestLabel = largestLabel;
    this.#longAgo = longAgo;
    this.#line = line;
    this.#load = load;
  }

  /**
   * Counts a use of the case that is about to begin. Returns the arena that holds the case or has room for it now; undefined
   * where there is no room. See `use` for `isWorthLoading`.
   */
  want(entry: StoredCase, isWorthLoading: boolean): number | undefined {
    this.#uses++;
    const resident = this.#residents.get(entry.id);
    if (resident !== undefined) return resident.home.arena;
    const count = blocksFor(volumeBytes(entry, this.#largestLabel));
    const withRoom = this.#arenas.findIndex(({ blocks }) => blocks.hasRoomFor(count));
    if (withRoom !== -1) return withRoom;
    const isLargeEnough = (arena: number) => (this.#arenas[arena] as Arena).blocks.capacity >= count;
    const idle = this.#idle(isWorthLoading);
    return [...this.#arenas.keys()].find((arena) => isLargeEnough(arena) && this.#leastUsed(arena, idle) !== undefined);
  }

  /**
   * Loads the case into `arena`, runs `use` and keeps the case in its place meanwhile. Where `arena` has no room, `use` gets no
   * home. With `isWorthLoading`, every volume that is not pinned may make room. `fetched` is told for how long the case was waited for,
   * where it had to be loaded.
   */
  async use<Result>(
    entry: StoredCase,
    { arena, isWorthLoading, fetched = () => {} }: UseOptions,
    use: (home?: VolumeHome) => Promise<Result>,
  ): Promise<Result> {
    const resident = this.#find(entry.id) ?? this.#place(entry, arena, this.#idle(isWorthLoading));
    if (resident === undefined) return use();
    try {
      if (!resident.isLoaded) {
        const beganMs = performance.now();
        await resident.loaded;
        fetched({ beganMs, endedMs: performance.now() });
      }
      return await use(resident.home.arena === arena ? resident.home : undefined);
    } finally {
      this.#unpin(resident);
    }
  }

  /** The arena that a case lies in or is being loaded to. */
  arenaOf(caseId: string): number | undefined {
    return this.#residents.get(caseId)?.home.arena;
  }

  /** Runs `use` with the homes of the cases that lie in `arena`, once they are loaded; they stay there meanwhile. */
  async useHeld<Result>(
    caseIds: readonly string[],
    arena: number,
    use: (homes: ReadonlyMap<string, VolumeHome>) => Promise<Result>,
  ): Promise<Result> {
    const held = caseIds.flatMap((caseId) => {
      this.#uses++;
      return (this.arenaOf(caseId) === arena && this.#find(caseId)) || [];
    });
    try {
      for (const { loaded } of held) await loaded;
      return await use(new Map(held.map(({ caseId, home }) => [caseId, home])));
    } finally {
      for (const resident of held) this.#unpin(resident);
    }
  }

  /** Frees an arena's blocks from `first` up to `end` of all volumes that are not pinned. */
  evictWithin(arena: number, first: number, end: number): void {
    for (const resident of [...this.#residents.values()]) {
      const isWithin = resident.firstBlock < end && resident.firstBlock + resident.count > first;
      if (resident.home.arena === arena && isWithin && resident.pins === 0) this.#evict(resident);
    }
  }

  /** The runs of blocks in an arena that stay, since their volumes are pinned. */
  pinned(arena: number): { readonly firstBlock: number; readonly count: number }[] {
    return [...this.#placed].filter(({ home, pins }) => home.arena === arena && pins > 0);
  }

  #idle(isWorthLoading: boolean): number {
    return isWorthLoading ? 0 : this.#longAgo;
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

  /** Room is made only by volumes whose last use was `idle` or more uses ago. */
  #place(entry: StoredCase, arena: number, idle: number): Resident | undefined {
    const count = blocksFor(volumeBytes(entry, this.#largestLabel));
    const { blocks } = this.#arenas[arena] as Arena;
    if (blocks.capacity < count) return undefined;
    do {
      const firstBlock = blocks.allocate(count);
      if (firstBlock !== undefined) return this.#admit(entry, { arena, firstBlock, count });
    } while (this.#evictOne(arena, idle));
    return undefined;
  }

  /** The load holds its own pin: its caller may leave early, but blocks that are being written must not go to another case. */
  #admit(entry: StoredCase, place: { arena: number; firstBlock: number; count: number }): Resident {
    const { arena, firstBlock, count } = place;
    this.counts.loads++;
    const home = { arena, offset: firstBlock * BLOCK_BYTES };
    const loaded = this.#load(entry, home);
    const resident: Resident = {
      caseId: entry.id,
      home,
      firstBlock,
      count,
      lastUse: this.#uses,
      pins: 2,
      loaded,
      isLoaded: false,
    };
    this.#residents.set(entry.id, resident);
    this.#placed.add(resident);
    resident.loaded
      .then(
        () => {
          resident.isLoaded = true;
        },
        () => {
          this.#residents.delete(entry.id);
        },
      )
      .finally(() => this.#unpin(resident));
    return resident;
  }

  #evictOne(arena: number, idle: number): boolean {
    const resident = this.#leastUsed(arena, idle);
    if (resident === undefined) return false;
    this.#evict(resident);
    return true;
  }

  #evict(resident: Resident): void {
    this.#residents.delete(resident.caseId);
    this.#free(resident);
    this.counts.evictions++;
  }

  /** The least recently used of an arena's volumes that are not pinned, where that was `idle` uses ago or more. */
  #leastUsed(arena: number, idle: number): Resident | undefined {
    for (const resident of this.#residents.values()) {
      if (this.#uses - resident.lastUse < idle) return undefined;
      if (resident.pins === 0 && resident.home.arena === arena) return resident;
    }
    return undefined;
  }

  #unpin(resident: Resident): void {
    resident.pins--;
    if (resident.pins > 0) return;
    const hasFailed = this.#residents.get(resident.caseId) !== resident;
    if (hasFailed) this.#free(resident);
    this.#line.retry();
  }

  #free(resident: Resident): void {
    this.#placed.delete(resident);
    this.#arenas[resident.home.arena]?.blocks.free(resident.firstBlock);
  }
}
