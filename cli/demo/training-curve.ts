import type { WatchedEvent } from "../../trainer/index.js";

/** A training at the end of an epoch. */
export interface CurvePoint {
  /** Of training: steps and waiting, without validation. */
  readonly seconds: number;
  /** Taken until then. */
  readonly steps: number;
  /** On the run's validation batches at full patch, 0 to 1; mean over the foreground classes. */
  readonly pseudoDice: number;
  /** On the same batches. */
  readonly validationLoss: number;
}

/** A stage on the clock of the training. */
export interface StageSpan {
  readonly stage: number;
  /** Z,Y,X. */
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Seconds of each of its steps, in order, waiting included. */
  readonly stepSeconds: readonly number[];
}

/** A training over its own time. */
export interface TrainingCurve {
  readonly steps: number;
  readonly seconds: number;
  readonly waitingSeconds: number;
  readonly stages: readonly StageSpan[];
  /** One for each epoch that was validated. */
  readonly points: readonly CurvePoint[];
}

interface OpenSpan extends Omit<StageSpan, "toSeconds" | "stepSeconds"> {
  readonly stepSeconds: number[];
}

/** Folds a training's events into its curve. Its clock counts steps and waiting, that for the first batch too; it stands still while the training validates. */
export class CurveTally {
  #steps = 0;
  #seconds = 0;
  #waitingSeconds = 0;
  readonly #stages: OpenSpan[] = [];
  readonly #points: CurvePoint[] = [];

  add(event: WatchedEvent): void {
    if (event.kind === "stage") {
      const { stage, patchSize, batchSize } = event.stage;
      this.#stages.push({ stage, patchSize, batchSize, fromSeconds: this.#seconds, stepSeconds: [] });
    } else if (event.kind === "step") {
      const { waitedMs, stepMs } = event.step;
      this.#steps++;
      this.#seconds += (waitedMs + stepMs) / 1000;
      this.#waitingSeconds += waitedMs / 1000;
      this.#stages.at(-1)?.stepSeconds.push((waitedMs + stepMs) / 1000);
    } else if (event.kind === "epoch") {
      const { meanPseudoDice, validationLoss } = event.epoch;
      if (meanPseudoDice === undefined || validationLoss === undefined) return;
      const { steps, seconds } = this.curve;
      this.#points.push({ seconds, steps, pseudoDice: meanPseudoDice, validationLoss });
    }
  }

  get curve(): TrainingCurve {
    const ends = [...this.#stages.slice(1).map(({ fromSeconds }) => fromSeconds), this.#seconds];
    return {
      steps: this.#steps,
      seconds: this.#seconds,
      waitingSeconds: this.#waitingSeconds,
      stages: this.#stages.map((span, place) => ({ ...span, toSeconds: ends[place] ?? this.#seconds })),
      points: [...this.#points],
    };
  }
}
