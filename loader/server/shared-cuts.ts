import type { BatchSource } from "./cut-ahead.js";

/** Where batches come from that have the same bytes for the same step and stage in every source of that name. */
export interface NamedSource<Lease> extends BatchSource<Lease> {
  readonly name: string;
}

/** A stream's part of a cut: `release` gives that part back. */
export type SharedLease<Lease> = Lease & {
  /** Whether another stream was given the same cut before. */
  readonly isShared: boolean;
};

/** A source whose cuts are shared with the other streams of its name, until `leave`. What was given stays until it is released. */
export interface SharedSource<Lease> extends BatchSource<SharedLease<Lease>> {
  leave(): void;
}

/** The memory that cuts lie in. */
export interface CutMemory {
  readonly budgetBytes: number;
  /** Whether somebody waits for some of it. */
  isShort(): boolean;
}

/** A stream behind by more steps than this gets cuts of its own: the memory that waits for it would wait for long. */
const MOST_STEPS_BEHIND = 256;

interface Cut<Lease> extends At {
  readonly bytes: number;
  readonly stop: AbortController;
  readonly lease: Promise<Lease>;
  /** The lease, once it is there. */
  done?: Lease;
  /** Streams that wait for it or hold it. With none it is kept for those behind, or goes. */
  holders: number;
  /** The streams that were given it and have not given it back unsent. */
  readonly given: Set<Place>;
}

/** Where a stream is: the step of its newest cut, -1 before the first. */
interface Place {
  step: number;
}

/** A step with a stage. */
interface At {
  readonly step: number;
  readonly stage: number;
}

/** The streams of one name, and what they share: cuts that are being made, held, or kept. */
interface Group<Lease> {
  readonly name: string;
  readonly places: Set<Place>;
  /** By step and stage. */
  readonly cuts: Map<string, Cut<Lease>>;
}

function keyOf({ step, stage }: At): string {
  return `${step} ${stage}`;
}

/** How many steps it is until a stream comes to the cut that has not had it; Infinity where none is behind it. */
function stepsUntilWanted({ places }: Group<unknown>, { step, given }: Cut<unknown>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) if (place.step < step && !given.has(place)) least = Math.min(least, step - place.step);
  return least;
}

/**
 * One cut for all streams of a run that want the same batch. Who asks while it is being made waits for the same one; it is stopped
 * when nobody waits any more. When all have released it, it is kept only while a stream is so little behind that it can still come to it,
 * and only in memory that nobody waits for. A stream alone keeps nothing. A cut that fails is thrown at all who wait, and made anew
 * for who asks then.
 */
export class SharedCuts<Lease extends { release(): void }> {
  readonly #memory: CutMemory;
  readonly #groups = new Map<string, Group<Lease>>();

  constructor(memory: CutMemory) {
    this.#memory = memory;
  }

  /** Cuts that no stream holds. */
  get kept(): number {
    return this.#unheld().length;
  }

  join(source: NamedSource<Lease>): SharedSource<Lease> {
    const { name } = source;
    const group = this.#groups.get(name) ?? { name, places: new Set(), cuts: new Map() };
    this.#groups.set(name, group);
    const place: Place = { step: -1 };
    group.places.add(place);
    return {
      schedule: source.schedule,
      checkStep: (step) => source.checkStep(step),
      batchBytes: (stage) => source.batchBytes(stage),
      cut: (step, stage, signal) => {
        place.step = step;
        return this.#take(group, source, place, { step, stage }, signal);
      },
      leave: () => {
        group.places.delete(place);
        this.#dropUnwanted(group);
      },
    };
  }

  /** Somebody waits for memory: gives kept cuts back until nobody does, first those that are wanted last. */
  giveBack(): void {
    const kept = this.#unheld().map((unheld) => ({ ...unheld, steps: stepsUntilWanted(unheld.group, unheld.cut) }));
    for (const { group, cut } of kept.sort((a, b) => b.steps - a.steps)) {
      if (!this.#memory.isShort()) return;
      this.#drop(group, cut);
    }
  }

  async #take(
    group: Group<Lease>,
    source: NamedSource<Lease>,
    place: Place,
    at: At,
    signal: AbortSignal,
  ): Promise<SharedLease<Lease>> {
    signal.throwIfAborted();
    const known = group.cuts.get(keyOf(at));
    // What was sent and is asked for again has not arrived as it should: the same memory would not mend it.
    const cut = known?.given.has(place) === false ? known : this.#begin(group, source, at);
    cut.holders++;
    this.#dropUnwanted(group);
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      cut.holders--;
      if (signal.aborted) cut.given.delete(place);
      if (cut.holders === 0 && !this.#isWorthKeeping(group, cut)) this.#drop(group, cut);
    };
    try {
      const lease = await unlessAborted(cut.lease, signal);
      const isShared = cut.given.size > 0;
      cut.given.add(place);
      return { ...lease, isShared, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #begin(group: Group<Lease>, source: NamedSource<Lease>, at: At): Cut<Lease> {
    const stop = new AbortController();
    const lease = source.cut(at.step, at.stage, stop.signal);
    const cut: Cut<Lease> = { ...at, bytes: source.batchBytes(at.stage), stop, lease, holders: 0, given: new Set() };
    const former = group.cuts.get(keyOf(at));
    group.cuts.set(keyOf(at), cut);
    if (former?.holders === 0) this.#drop(group, former);
    lease.then(
      (done) => {
        if (stop.signal.aborted) done.release();
        else cut.done = done;
      },
      () => {}, // whoever waits is told, and with the last of them the cut goes
    );
    return cut;
  }

  #isWorthKeeping(group: Group<Lease>, cut: Cut<Lease>): boolean {
    if (cut.done === undefined || group.cuts.get(keyOf(cut)) !== cut) return false;
    const reach = Math.min(MOST_STEPS_BEHIND, this.#memory.budgetBytes / cut.bytes);
    return stepsUntilWanted(group, cut) <= reach && !this.#memory.isShort();
  }

  /** A stream has moved or left. */
  #dropUnwanted(group: Group<Lease>): void {
    for (const cut of group.cuts.values())
      if (cut.holders === 0 && !this.#isWorthKeeping(group, cut)) this.#drop(group, cut);
    this.#close(group);
  }

  /** Stops a cut that nobody holds, or releases it. */
  #drop(group: Group<Lease>, cut: Cut<Lease>): void {
    if (group.cuts.get(keyOf(cut)) === cut) group.cuts.delete(keyOf(cut));
    cut.stop.abort();
    cut.done?.release();
    this.#close(group);
  }

  #close({ name, places, cuts }: Group<Lease>): void {
    if (places.size === 0 && cuts.size === 0) this.#groups.delete(name);
  }

  #unheld(): { readonly group: Group<Lease>; readonly cut: Cut<Lease> }[] {
    return [...this.#groups.values()].flatMap((group) =>
      [...group.cuts.values()].filter(({ holders }) => holders === 0).map((cut) => ({ group, cut })),
    );
  }
}

/** What `promise` gives, or the signal's reason when it aborts before. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
