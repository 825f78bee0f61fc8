import type { Batch, Run } from "../../client/types.js";
import { stageOf } from "../../plan/batch/timeline.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { Model, ValidationResult } from "../engines/engine.js";
import { type PseudoDice, pseudoDice } from "./pseudo-dice.js";
import { trainingBatch } from "./training-batch.js";
import { untilAborted } from "./until-aborted.js";

/** Validation batches wanted ahead. */
export const VALIDATION_CREDIT = 4;

type Next = Promise<IteratorResult<Batch, unknown> | undefined>;

/**
 * The validation batches of a run, epoch by epoch. They come over a stream of their own: the next epoch's first ones are fetched while the
 * training goes on, and those of the training stay where they are meanwhile.
 */
export class ValidationBatches {
  readonly #run: Run;
  #batches: AsyncIterator<Batch> | undefined;
  /** The step that `#batches` gives next. */
  #at = -1;
  #first: Next | undefined;

  /** `run`: the open run of the `val` timeline; not disposed here. */
  constructor(run: Run) {
    this.#run = run;
  }

  /** Begins to fetch the batches of `epoch`, unless the run has no such epoch. */
  fetchAhead(epoch: number): void {
    const { spec, val } = this.#run.info;
    const from = epoch * spec.valSteps;
    if (from >= val.steps) return;
    // What fails now is asked for again when it is needed.
    this.#first = this.#from(from)
      .next()
      .catch(() => undefined);
  }

  /** The batches of `epoch`, in order. */
  async *of(epoch: number): AsyncGenerator<Batch> {
    const { valSteps } = this.#run.info.spec;
    const from = epoch * valSteps;
    if (this.#first === undefined || this.#at !== from) this.fetchAhead(epoch);
    const ahead = await this.#first;
    this.#first = undefined;
    if (ahead === undefined) this.#batches = undefined;
    for (let step = from; step < from + valSteps; step++) {
      const { done, value } = step === from && ahead !== undefined ? ahead : await this.#from(step).next();
      if (done) return;
      this.#at = step + 1;
      yield value;
    }
    this.fetchAhead(epoch + 1);
  }

  #from(step: number): AsyncIterator<Batch> {
    if (this.#batches === undefined || this.#at !== step) this.#batches = this.#run.batches({ from: step });
    this.#at = step;
    return this.#batches;
  }
}

/** What an epoch's validation came to. */
export interface Validated {
  /** Mean over its batches. */
  readonly loss: number;
  readonly dice: PseudoDice;
}

export interface ValidationOptions {
  readonly batches: ValidationBatches;
  readonly model: Model;
  readonly spec: ResolvedSpec;
  /** Channels of the image. */
  readonly channels: number;
  readonly signal: AbortSignal;
  /** Called between two batches. */
  readonly between: () => Promise<void>;
}

/** Validates after `epoch`, at full patch. Undefined where `signal` aborted it before its last batch. */
export async function validateEpoch(
  epoch: number,
  { batches, model, spec, channels, signal, between }: ValidationOptions,
): Promise<Validated | undefined> {
  const results: ValidationResult[] = [];
  for await (using batch of untilAborted(batches.of(epoch), signal)) {
    const plan = stageOf(spec, "val", batch.stage);
    results.push(await model.validate(trainingBatch(batch, plan, spec.wire.layout, channels)));
    await between();
  }
  if (results.length < spec.valSteps) return undefined;
  const loss = results.reduce((sum, result) => sum + result.loss, 0) / results.length;
  return { loss, dice: pseudoDice(results.map(({ counts }) => counts)) };
}
