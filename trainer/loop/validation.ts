import type { Batch, Run } from "../../client/types.js";
import { stageOf } from "../../plan/batch/timeline.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { Model, ValidationResult } from "../engines/engine.js";
import { type PseudoDice, pseudoDice } from "./pseudo-dice.js";
import { trainingBatch } from "./training-batch.js";
import { untilAborted } from "./until-aborted.js";

/** Validation batches wanted ahead. */
export const VALIDATION_CREDIT = 4;

/**
 * The validation batches of a run, epoch by epoch. They come over a stream of their own that stays open between two epochs: the next epoch's first
 * ones are fetched while the training goes on, and those of the training stay where they are meanwhile.
 */
export class ValidationBatches {
  readonly #run: Run;
  #batches: AsyncIterator<Batch>;
  /** The step that `#batches` gives next. */
  #at = 0;

  /** `run`: the open run of the `val` timeline; not disposed here. */
  constructor(run: Run) {
    this.#run = run;
    this.#batches = run.batches();
  }

  /** The batches of `epoch`, in order. Without a gap to the epoch before, its first ones are there already. */
  async *of(epoch: number): AsyncGenerator<Batch> {
    const { valSteps } = this.#run.info.spec;
    const from = epoch * valSteps;
    if (this.#at !== from) this.#batches = this.#run.batches({ from });
    for (let step = from; step < from + valSteps; step++) {
      const { done, value } = await this.#batches.next();
      if (done) return;
      this.#at = step + 1;
      yield value;
    }
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
