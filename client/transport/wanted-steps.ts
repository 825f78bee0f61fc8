import type { OpenPart } from "../../rpc/tracing/tracing.js";
import type { ReceivedBatch, SentAhead } from "./messages.js";

/** A step that is wanted and not delivered. */
export interface WantedStep {
  readonly step: number;
  stage: number;
  damagedTimes: number;
  /** "ahead": it was sent to the main thread before it was asked for. */
  batch: ReceivedBatch | "ahead" | undefined;
  /** The span of the first time that it was asked for at its stage, where it is traced. */
  trace?: OpenPart | undefined;
}

export interface WantedStepsOptions {
  readonly from: number;
  /** End, outside. */
  readonly to: number;
  readonly creditBatches: number;
  readonly creditBytes: number;
  stageOf(step: number): number;
  /** Bytes of a batch of a stage. */
  bytesOf(stage: number): number;
}

/** All steps from the first undelivered to the first unwanted: as many as the credit reaches, in batches and in bytes. */
export class WantedSteps {
  readonly #options: WantedStepsOptions;
  /** In step order. */
  readonly #steps = new Map<number, WantedStep>();
  #firstUndelivered: number;

  constructor(options: WantedStepsOptions) {
    this.#options = options;
    this.#firstUndelivered = options.from;
    this.#extend();
  }

  get firstUndelivered(): number {
    return this.#firstUndelivered;
  }

  get firstUnwanted(): number {
    return this.#firstUndelivered + this.#steps.size;
  }

  get(step: number): WantedStep | undefined {
    return this.#steps.get(step);
  }

  /** Steps whose batch has not come, lowest first. */
  *missing(): Generator<WantedStep> {
    for (const wanted of this.#steps.values()) if (wanted.batch === undefined) yield wanted;
  }

  /** The batch of the first undelivered step, which counts as delivered from then on; undefined where it has not come. */
  deliver(): ReceivedBatch | "ahead" | undefined {
    const batch = this.#steps.get(this.#firstUndelivered)?.batch;
    if (batch === undefined) return undefined;
    this.#steps.delete(this.#firstUndelivered);
    this.#firstUndelivered++;
    this.#extend();
    return batch;
  }

  /** The batch of the first undelivered step, to be sent ahead; undefined where it has not come, or was sent before. */
  sendAhead(): SentAhead | undefined {
    const [first, ...others] = this.#steps.values();
    if (first?.batch === undefined || first.batch === "ahead") return undefined;
    const { batch } = first;
    first.batch = "ahead";
    return { batch, firstUnwanted: this.#reach(others) };
  }

  /** After a decision: what has come for another stage is dropped, and so is what the credit does not reach at the new sizes. */
  restage(): void {
    const { stageOf, bytesOf, creditBytes } = this.#options;
    let bytes = 0;
    for (const wanted of this.#steps.values()) {
      const stage = stageOf(wanted.step);
      bytes += bytesOf(stage);
      const isBeyond = bytes > creditBytes && wanted.step > this.#firstUndelivered;
      if (stage !== wanted.stage) wanted.batch = undefined;
      if (stage !== wanted.stage || isBeyond) {
        wanted.trace?.end({ "patchstream.outcome": "taken back" });
        wanted.trace = undefined;
      }
      wanted.stage = stage;
      if (isBeyond) this.#steps.delete(wanted.step);
    }
    this.#extend();
  }

  /** Wants steps ahead as far as the credit reaches; one step at least. */
  #extend(): void {
    const { stageOf } = this.#options;
    const end = this.#reach([...this.#steps.values()]);
    for (let step = this.firstUnwanted; step < end; step++)
      this.#steps.set(step, { step, stage: stageOf(step), damagedTimes: 0, batch: undefined });
  }

  /** The first step that the credit does not reach, where `wanted` are the steps before `firstUnwanted` that are not delivered. */
  #reach(wanted: readonly WantedStep[]): number {
    const { to, creditBatches, creditBytes, stageOf, bytesOf } = this.#options;
    let bytes = wanted.reduce((sum, { stage }) => sum + bytesOf(stage), 0);
    let steps = wanted.length;
    let end = this.firstUnwanted;
    for (; end < to; end++, steps++) {
      bytes += bytesOf(stageOf(end));
      if (steps > 0 && (steps >= creditBatches || bytes > creditBytes)) break;
    }
    return end;
  }
}
