import type { ReceivedBatch } from "./messages.js";

/** A step that is wanted and not delivered. */
export interface WantedStep {
  readonly step: number;
  stage: number;
  damagedTimes: number;
  batch: ReceivedBatch | undefined;
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
  deliver(): ReceivedBatch | undefined {
    const batch = this.#steps.get(this.#firstUndelivered)?.batch;
    if (batch === undefined) return undefined;
    this.#steps.delete(this.#firstUndelivered);
    this.#firstUndelivered++;
    this.#extend();
    return batch;
  }

  /** After a decision: what has come for another stage is dropped, and so is what the credit does not reach at the new sizes. */
  restage(): void {
    const { stageOf, bytesOf, creditBytes } = this.#options;
    let bytes = 0;
    for (const wanted of this.#steps.values()) {
      const stage = stageOf(wanted.step);
      if (stage !== wanted.stage) wanted.batch = undefined;
      wanted.stage = stage;
      bytes += bytesOf(stage);
      if (bytes > creditBytes && wanted.step > this.#firstUndelivered) this.#steps.delete(wanted.step);
    }
    this.#extend();
  }

  /** Wants steps ahead as far as the credit reaches; one step at least. */
  #extend(): void {
    const { to, creditBatches, creditBytes, stageOf, bytesOf } = this.#options;
    let bytes = 0;
    for (const { stage } of this.#steps.values()) bytes += bytesOf(stage);
    while (this.firstUnwanted < to) {
      const step = this.firstUnwanted;
      const stage = stageOf(step);
      bytes += bytesOf(stage);
      if (this.#steps.size > 0 && (this.#steps.size >= creditBatches || bytes > creditBytes)) return;
      this.#steps.set(step, { step, stage, damagedTimes: 0, batch: undefined });
    }
  }
}
