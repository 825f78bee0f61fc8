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

/** A batch that was asked for and has not begun on the wire. */
interface Wanted {
  readonly step: number;
  /** What the want said; a report overrides it. */
  readonly asked: number | undefined;
  stage: number;
}

interface Cutting<Lease> {
  readonly wanted: Wanted;
  readonly abort: AbortController;
  readonly lease: Promise<Lease>;
}

/** A batch ready to be sent. Whoever takes it releases its lease. */
export interface ReadyBatch<Lease> {
  readonly step: number;
  readonly stage: number;
  readonly lease: Lease;
}

/**
 * The wants of one stream: queued in step order, at most two cut ahead. A stage report re-aims every want that has not been
 * handed out by `next`, and throws away what was already cut for another stage.
 */
export class CutAhead<Lease extends { release(): void }> {
  readonly #source: BatchSource<Lease>;
  readonly #limits: ServerLimits;
  readonly #timeline: StageTimeline;
  readonly #queue: Wanted[] = [];
  readonly #ahead: Cutting<Lease>[] = [];
  #onTheWire = 0;
  #finishing = false;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(source: BatchSource<Lease>, limits: ServerLimits) {
    this.#source = source;
    this.#limits = limits;
    this.#timeline = new StageTimeline(source.schedule);
  }

  /** Wants asked for and not completely sent. */
  get outstanding(): number {
    return this.#queue.length + this.#ahead.length + (this.#onTheWire > 0 ? 1 : 0);
  }

  /** Adds wants for `count` steps; throws LIMIT_EXCEEDED or STEP_UNKNOWN before any of them is taken. */
  want(firstStep: number, count: number, asked: number | undefined): void {
    checkLimit(this.#limits, "maxOutstandingSteps", this.outstanding + count);
    const added: Wanted[] = [];
    let bytes = this.#outstandingBytes();
    for (let step = firstStep; step < firstStep + count; step++) {
      this.#source.checkStep(step);
      const stage = this.#stageOf({ step, asked });
      const batchBytes = this.#source.batchBytes(stage);
      checkLimit(this.#limits, "maxBatchBytes", batchBytes);
      if (bytes > 0) checkLimit(this.#limits, "maxOutstandingBytes", bytes + batchBytes);
      bytes += batchBytes;
      added.push({ step, asked, stage });
    }
    this.#queue.push(...added);
    this.#queue.sort((a, b) => a.step - b.step);
    this.#refill();
  }

  /** The first step at which the schedule goes on after a report, if it does before `steps`. */
  resumes(report: StageDecision, steps: number): number | undefined {
    return this.#timeline.resumes(report, steps);
  }

  /** Applies a stage report to every want that has not begun; throws LIMIT_EXCEEDED for a stage too large to be sent. */
  reaim(report: StageDecision): void {
    checkLimit(this.#limits, "maxBatchBytes", this.#source.batchBytes(report.stage));
    this.#timeline.add(report);
    const stale = this.#ahead.filter(({ wanted }) => this.#stageOf(wanted) !== wanted.stage);
    for (const cutting of stale) {
      this.#ahead.splice(this.#ahead.indexOf(cutting), 1);
      this.#queue.push(cutting.wanted);
      discard(cutting);
    }
    for (const wanted of this.#queue) wanted.stage = this.#stageOf(wanted);
    this.#queue.sort((a, b) => a.step - b.step);
    this.#refill();
  }

  /**
   * The next batch, in step order among those asked for; undefined when the stream is finishing and none is left. The batch
   * handed out before counts as sent from now on.
   */
  async next(): Promise<ReadyBatch<Lease> | undefined> {
    this.#onTheWire = 0;
    for (;;) {
      const first = this.#ahead[0];
      if (first === undefined) {
        if (this.#finishing || this.#closed) return undefined;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const lease = await first.lease.catch((error: unknown) => {
        if (this.#ahead[0] === first) throw error;
      });
      if (lease === undefined || this.#ahead[0] !== first) continue;
      this.#ahead.shift();
      const { step, stage } = first.wanted;
      this.#onTheWire = this.#source.batchBytes(stage);
      this.#refill();
      return { step, stage, lease };
    }
  }

  /** No more wants will come: `next` ends after the last one; with `dropQueued`, after those already being cut. */
  finish({ dropQueued }: { dropQueued: boolean }): void {
    this.#finishing = true;
    if (dropQueued) this.#queue.length = 0;
    this.#wake?.();
  }

  /** Drops everything and releases what was cut. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    for (const cutting of this.#ahead.splice(0)) discard(cutting);
    this.#wake?.();
  }

  #stageOf({ step, asked }: Pick<Wanted, "step" | "asked">): number {
    return this.#timeline.decided(step)?.stage ?? asked ?? this.#source.schedule.stageOf(step);
  }

  #outstandingBytes(): number {
    const waiting = [...this.#queue, ...this.#ahead.map(({ wanted }) => wanted)];
    return waiting.reduce((sum, { stage }) => sum + this.#source.batchBytes(stage), this.#onTheWire);
  }

  #refill(): void {
    while (this.#ahead.length < CUT_AHEAD && !this.#closed) {
      const wanted = this.#queue.shift();
      if (wanted === undefined) return;
      const abort = new AbortController();
      const lease = this.#source.cut(wanted.step, wanted.stage, abort.signal);
      lease.catch(() => {});
      this.#ahead.push({ wanted, abort, lease });
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
