import type { Messages } from "../../proto/messages.js";

/** What was told longer ago does not count: a trainer that takes no steps needs no servers. */
const GOOD_FOR_MS = 60_000;

/** A stream's place among the paces. */
export interface PacePlace {
  /** Its client has said how fast its trainer goes. */
  tell(pace: Messages["Pace"]): void;
  leave(): void;
}

interface Told {
  readonly pace: Messages["Pace"];
  readonly toldMs: number;
}

/**
 * How fast the trainers of all streams go. Every client tells it to every server that it streams from, so that each server knows what all
 * of them together are needed for.
 */
export class Paces {
  readonly #told = new Map<PacePlace, Told | undefined>();
  readonly #watchers = new Set<() => void>();

  join(): PacePlace {
    const place: PacePlace = {
      tell: (pace) => {
        if (this.#told.has(place)) this.#told.set(place, { pace, toldMs: performance.now() });
      },
      leave: () => {
        this.#told.delete(place);
        this.#tellWatchers();
      },
    };
    this.#told.set(place, undefined);
    this.#tellWatchers();
    return place;
  }

  /** There are streams. */
  get isActive(): boolean {
    return this.#told.size > 0;
  }

  /** Some stream has told its pace lately. */
  get isTold(): boolean {
    return this.#lately().length > 0;
  }

  /**
   * How many servers like those there are would be busy all the time if no trainer waited: for each stream the servers' time that a batch
   * takes, as a share of the time in which its trainer needs the next.
   */
  get serversNeeded(): number {
    return this.#lately().reduce((sum, { stepUs, servedUs }) => sum + servedUs / Math.max(1, stepUs), 0);
  }

  /** Share of their time for which the trainers wait for batches, 0 to 1; their mean. 0 where nobody tells. */
  get waitingShare(): number {
    const shares = this.#lately().map(({ stepUs, waitedUs }) => waitedUs / Math.max(1, stepUs + waitedUs));
    return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  }

  /** Calls `changed` when a stream has come or gone, until the function it gives is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  #lately(): readonly Messages["Pace"][] {
    const from = performance.now() - GOOD_FOR_MS;
    return [...this.#told.values()].flatMap((told) => (told !== undefined && told.toldMs >= from ? [told.pace] : []));
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
