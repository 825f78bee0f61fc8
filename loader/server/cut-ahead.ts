import { type Schedule, type StageDecision, StageTimeline } from "../../plan/batch/stage-timeline.js";
import { checkLimit, type ServerLimits } from "./limits.js";

/** Batches of one stream that are being cut, or cut and not begun on the wire: enough to keep the wire busy. */
const CUT_AHEAD = 2;

/** Where the batches come from: one rank's share of one timeline of a run. */
export interface BatchSource<Lease> {
  /** The stage that a step has by itself. */
  readonly schedule: Schedule;
  /** Throws STEP_UNKNOWN past the end of the timeline. */
  checkStep(step: number): void;
  /** Bytes of this rank's batch at a stage. */
  batchBytes(stage: number): number;
  /** Cuts a batch; a signal that aborts before it is done rejects it. */
  cut(step: number, stage: number, signal: AbortSignal): Promise<Lease>;
}

/** A batch that was asked for and has not begun on the wire. Its stage is decided when it is wanted: a later report drops it. */
interface Wanted {
  readonly step: number;
  readonly stage: number;
  /** By performance.now(). */
  readonly wantedMs: number;
  /** Of the client's span, where it is traced. */
  readonly traceparent?: string;
}

interface Cutting<Lease> {
  readonly wanted: Wanted;
  readonly abort: AbortController;
  /** By performance.now(). */
  readonly beganMs: number;
  endedMs: number;
  readonly lease: Promise<Lease>;
  /** The lease, once it is there. */
  done?: Lease;
}

/** A batch ready to be sent. Whoever takes it releases its lease. */
export interface ReadyBatch<Lease> extends Wanted {
  readonly lease: Lease;
  /** By performance.now(), of the cut that it is of. */
  readonly cutBeganMs: number;
  readonly cutEndedMs: number;
}

/**
 * The wants of one stream. Whenever a cut begins, it is of the lowest step wanted then; batches are handed out in the order in
 * which their cuts began, and at most two are ahead of the wire. A stage report or a cancel drops wants that have not been
 * handed out by `take`, and throws away what was already cut for them. So does the need of others for memory, but what it takes back
 * is still wanted and is cut again.
 */
export class CutAhead<Lease extends { release(): void }> {
  readonly #source: BatchSource<Lease>;
  readonly #limits: ServerLimits;
  readonly #memory: { readonly shareBytes: number };
  readonly #admit: (bytes: number, batches: number) => void;
  readonly #timeline: StageTimeline;
  /** Ascending in step. */
  #queue: Wanted[] = [];
  /** In the order in which their cuts began. */
  #ahead: Cutting<Lease>[] = [];
  #onTheWire = 0;
  #finishing = false;
  #closed = false;
  #wake: (() => void) | undefined;

  /**
   * `memory`: how many bytes the batches that are cut or being cut may take; one batch may take more. `admit` is asked before wants are
   * taken, and throws for those that may not be.
   */
  constructor(
    source: BatchSource<Lease>,
    limits: ServerLimits,
    memory: { readonly shareBytes: number },
    admit: (bytes: number, batches: number) => void = () => {},
  ) {
    this.#memory = memory;
    this.#admit = admit;
    this.#source = source;
    this.#limits = limits;
    this.#timeline = new StageTimeline(source.schedule);
  }

  /** Wants asked for and not completely sent. */
  get outstanding(): number {
    return this.#queue.length + this.#ahead.length + (this.#onTheWire > 0 ? 1 : 0);
  }

  /** Bytes of the batches that were asked for and are not completely sent. */
  get outstandingBytes(): number {
    return this.#queue.reduce((sum, { stage }) => sum + this.#source.batchBytes(stage), this.#heldBytes());
  }

  /**
   * Adds wants for `count` steps: with the stage that was `asked` for, or the one that each step has by now. Throws
   * LIMIT_EXCEEDED, STEP_UNKNOWN or what `admit` does before any of them is taken.
   */
  want(firstStep: number, count: number, asked: number | undefined, traceparent?: string): void {
    checkLimit(this.#limits, "maxOutstandingSteps", this.outstanding + count);
    const wantedMs = performance.now();
    const added: Wanted[] = [];
    const before = this.outstandingBytes;
    let bytes = before;
    for (let step = firstStep; step < firstStep + count; step++) {
      this.#source.checkStep(step);
      const stage = asked ?? this.#timeline.stageOf(step);
      const batchBytes = this.#source.batchBytes(stage);
      checkLimit(this.#limits, "maxBatchBytes", batchBytes);
      if (bytes > 0) checkLimit(this.#limits, "maxOutstandingBytes", bytes + batchBytes);
      bytes += batchBytes;
      added.push({ step, stage, wantedMs, ...(traceparent !== undefined && { traceparent }) });
    }
    this.#admit(bytes - before, count);
    this.#queue = [...this.#queue, ...added].sort((a, b) => a.step - b.step);
    this.#refill();
  }

  /**
   * The stage is that of the report from its step on, and every want from there on that has not been taken is gone. The first
   * step before `steps` at which the schedule goes on after it; undefined where it never does.
   */
  report(decision: StageDecision, steps: number): number | undefined {
    this.#timeline.add(decision);
    this.#drop(({ step }) => step >= decision.fromStep);
    return this.#timeline.resumes(decision, steps);
  }

  /** Drops the wants of `count` steps that have not been taken. */
  cancel(firstStep: number, count: number): void {
    this.#drop(({ step }) => step >= firstStep && step < firstStep + count);
  }

  /**
   * Waits until `take` has a batch, and throws what cutting it threw; false when the stream is finishing and no batch is left.
   * The batch taken before counts as sent from now on.
   */
  async ready(): Promise<boolean> {
    this.#onTheWire = 0;
    this.#refill();
    for (;;) {
      const [first] = this.#ahead;
      if (first === undefined) {
        if (this.#finishing || this.#closed) return false;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const lease = await first.lease.catch((error: unknown) => {
        if (this.#ahead[0] === first) throw error;
      });
      if (lease === undefined || this.#ahead[0] !== first) continue;
      first.done = lease;
      return true;
    }
  }

  /**
   * The batch that `ready` waited for; undefined where it was dropped meanwhile. Synchronous: a caller that sends its begin
   * in the same turn has it on the wire before the answer to any later report.
   */
  take(): ReadyBatch<Lease> | undefined {
    const [first] = this.#ahead;
    if (first?.done === undefined) return undefined;
    this.#ahead.shift();
    this.#onTheWire = this.#source.batchBytes(first.wanted.stage);
    this.#refill();
    return { ...first.wanted, lease: first.done, cutBeganMs: first.beganMs, cutEndedMs: first.endedMs };
  }

  /** Takes the youngest cuts back to the wants until all batches take at most `bytes`, or one is left. */
  giveBack(bytes: number): void {
    while (this.#ahead.length > (this.#onTheWire > 0 ? 0 : 1) && this.#heldBytes() > bytes) {
      const youngest = this.#ahead.pop() as Cutting<Lease>;
      discard(youngest);
      this.#queue = [youngest.wanted, ...this.#queue].sort((a, b) => a.step - b.step);
    }
  }

  /** No more wants will come: `ready` ends after the last one; with `dropQueued`, after those already being cut. */
  finish({ dropQueued }: { dropQueued: boolean }): void {
    this.#finishing = true;
    if (dropQueued) this.#queue = [];
    this.#wake?.();
  }

  /** Drops everything and releases what was cut. */
  close(): void {
    this.#closed = true;
    this.#drop(() => true);
    this.#wake?.();
  }

  #drop(isDropped: (wanted: Wanted) => boolean): void {
    this.#queue = this.#queue.filter((wanted) => !isDropped(wanted));
    for (const cutting of this.#ahead) if (isDropped(cutting.wanted)) discard(cutting);
    this.#ahead = this.#ahead.filter(({ wanted }) => !isDropped(wanted));
    this.#refill();
  }

  /** Bytes of the batches that are cut, being cut or on the wire. */
  #heldBytes(): number {
    return this.#ahead.reduce((sum, { wanted }) => sum + this.#source.batchBytes(wanted.stage), this.#onTheWire);
  }

  #refill(): void {
    while (this.#ahead.length < CUT_AHEAD && !this.#closed) {
      const [wanted] = this.#queue;
      if (wanted === undefined) return;
      const held = this.#heldBytes();
      if (held > 0 && held + this.#source.batchBytes(wanted.stage) > this.#memory.shareBytes) return;
      this.#queue.shift();
      const abort = new AbortController();
      const beganMs = performance.now();
      const lease = this.#source.cut(wanted.step, wanted.stage, abort.signal);
      const cutting: Cutting<Lease> = { wanted, abort, beganMs, endedMs: beganMs, lease };
      lease.then(
        () => {
          cutting.endedMs = performance.now();
        },
        () => {}, // `ready` throws it
      );
      this.#ahead.push(cutting);
      this.#wake?.();
    }
  }
}

/** Stops a cut; one that is done meanwhile is released. */
function discard<Lease extends { release(): void }>({ abort, lease }: Cutting<Lease>): void {
  abort.abort();
  lease.then(
    (done) => done.release(),
    () => {},
  );
}
