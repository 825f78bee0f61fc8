import { PatchstreamError } from "../../../plan/errors.js";
import type { Arena } from "./arenas.js";
import { BLOCK_BYTES, blocksFor } from "./blocks.js";
import type { VolumeCache } from "./volume-cache.js";
import type { WaitingLine } from "./waiting-line.js";

/** Memory in one arena that one task holds while it runs: for scratch, and for regions of volumes that are not in memory. */
export interface Workspace {
  readonly arena: number;
  /** Bytes from the start of the arena. */
  readonly offset: number;
}

interface Run {
  readonly arena: number;
  readonly firstBlock: number;
  readonly count: number;
}

/**
 * The workspaces of tasks. They share blocks with volumes: a workspace takes free blocks, or those of volumes that are not
 * pinned. At most `most` tasks have one at a time; the others wait in order.
 *
 * A workspace that is given back is kept for the next task that fits into it, at most `most` of them in an arena. A volume that
 * was loaded there meanwhile would have to leave again.
 *
 * Nobody waits for ever: a task takes its workspace before it pins a volume. After that it waits only for a thread, and tasks
 * that hold a thread do not wait for memory.
 */
export class Workspaces {
  readonly #arenas: readonly Arena[];
  readonly #volumes: VolumeCache;
  readonly #line: WaitingLine;
  readonly #most: number;
  readonly #lent = new Set<Run>();
  /** Given back and kept. */
  readonly #spare = new Set<Run>();

  /** `line` is the line that `volumes` serves again after it has freed blocks. */
  constructor(arenas: readonly Arena[], volumes: VolumeCache, line: WaitingLine, most: number) {
    this.#arenas = arenas;
    this.#volumes = volumes;
    this.#line = line;
    this.#most = most;
  }

  /**
   * Runs `use` with a workspace of `bytes`, in arena `preferred` where that can ever hold it. Throws LIMIT_EXCEEDED where no
   * arena can, and the signal's reason where it aborts before there is room.
   */
  async use<Result>(
    bytes: number,
    preferred: number | undefined,
    use: (workspace: Workspace) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const arenas = this.#arenasFor(bytes, preferred);
    const run = await this.#line.take(() => this.#lend(blocksFor(bytes), arenas), signal);
    try {
      return await use({ arena: run.arena, offset: run.firstBlock * BLOCK_BYTES });
    } finally {
      this.#giveBack(run);
    }
  }

  /** Bytes of the largest possible workspace. */
  get largestBytes(): number {
    return BLOCK_BYTES * Math.max(0, ...this.#arenas.map(({ blocks }) => blocks.capacity));
  }

  #arenasFor(bytes: number, preferred: number | undefined): number[] {
    const count = blocksFor(bytes);
    const capacities = this.#arenas.map(({ blocks }) => blocks.capacity);
    const canHold = [...capacities.keys()].filter((arena) => (capacities[arena] as number) >= count);
    if (preferred !== undefined && canHold.includes(preferred)) return [preferred];
    if (canHold.length > 0) return canHold;
    throw new PatchstreamError(
      {
        code: "LIMIT_EXCEEDED",
        limit: "the part of the volume budget that cutting a patch takes, in bytes,",
        got: bytes,
        max: this.largestBytes,
      },
      "Give the engine a larger volume budget.",
    );
  }

  #lend(count: number, arenas: readonly number[]): Run | undefined {
    if (this.#lent.size === this.#most) return undefined;
    const run = this.#takeSpare(count, arenas) ?? this.#allocate(count, arenas);
    if (run !== undefined) this.#lent.add(run);
    return run;
  }

  #giveBack(run: Run): void {
    this.#lent.delete(run);
    this.#spare.add(run);
    if (this.#spareIn(run.arena).length > this.#most) this.#dropSpare(run.arena);
    this.#line.retry();
  }

  /** The smallest that is large enough. */
  #takeSpare(count: number, arenas: readonly number[]): Run | undefined {
    const [best] = arenas.flatMap((arena) => this.#spareIn(arena).filter((run) => run.count >= count)).sort(bySize);
    if (best !== undefined) this.#spare.delete(best);
    return best;
  }

  #allocate(count: number, arenas: readonly number[]): Run | undefined {
    for (const arena of arenas) {
      const window = this.#lastWindow(count, arena);
      if (window === undefined) continue;
      const { blocks } = this.#arenas[arena] as Arena;
      do {
        const firstBlock = blocks.allocateLast(count);
        if (firstBlock !== undefined) return { arena, firstBlock, count };
      } while (this.#dropSpare(arena));
      this.#volumes.evictWithin(arena, window, window + count);
      return { arena, firstBlock: blocks.allocateLast(count) as number, count };
    }
    return undefined;
  }

  /** The last `count` neighbouring blocks of an arena that hold nothing that must stay; returns the first of them. */
  #lastWindow(count: number, arena: number): number | undefined {
    const staying = [...this.#volumes.pinned(arena), ...[...this.#lent].filter((run) => run.arena === arena)];
    let end = (this.#arenas[arena] as Arena).blocks.capacity;
    for (const run of staying.sort((a, b) => b.firstBlock - a.firstBlock)) {
      if (end - run.firstBlock - run.count >= count) break;
      end = run.firstBlock;
    }
    return end >= count ? end - count : undefined;
  }

  /** Frees the smallest. */
  #dropSpare(arena: number): boolean {
    const [least] = this.#spareIn(arena).sort(bySize);
    if (least === undefined) return false;
    this.#spare.delete(least);
    (this.#arenas[arena] as Arena).blocks.free(least.firstBlock);
    return true;
  }

  #spareIn(arena: number): Run[] {
    return [...this.#spare].filter((run) => run.arena === arena);
  }
}

function bySize(a: Run, b: Run): number {
  return a.count - b.count;
}
