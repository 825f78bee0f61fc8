import type { StepRow } from "../proto/messages.js";
import type { WatchedInShort } from "./client/events.js";
import { rowOf } from "./history/step-row.js";

/** A training at one moment. What is not known yet is absent. */
export interface TrainingFigures {
  readonly stepsTaken: number;
  readonly steps: number;
  /** From 0. */
  readonly epoch?: number;
  readonly epochs: number;
  readonly stage?: number;
  readonly stages: number;
  /** Z,Y,X. */
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  /** Mean over the steps of the epoch until now, or of the whole epoch where it has just ended. */
  readonly loss?: number;
  /** Moving average of the pseudo Dice after the last epoch. */
  readonly pseudoDice?: number;
  readonly learningRate?: number;
  /** Of the last steps of this stage, waiting included. */
  readonly samplesPerSecond?: number;
  /** Waiting as a share of the last steps, 0 to 1. */
  readonly waitingShare?: number;
  readonly secondsLeft?: number;
}

/** How much the steps before a step count less with each step after it: the last twenty or so make the rate. */
const FADE = 0.95;

/** Folds a training's events into its figures. */
export class FiguresTally {
  #figures: TrainingFigures = {
    stepsTaken: 0,
    steps: 0,
    epochs: 0,
    stages: 0,
    patchSize: [],
    batchSize: 0,
  };
  #isWarmingUp = true;
  #recent = { samples: 0, waitedMs: 0, ms: 0 };
  #epoch = { steps: 0, loss: 0 };

  get figures(): TrainingFigures {
    return this.#figures;
  }

  /** Takes the next event of the training, whatever it tells. */
  add(event: WatchedInShort): void {
    if (event.kind === "opened") {
      const { firstStep, steps, epochs, stages } = event.opened;
      this.#isWarmingUp = true;
      this.#epoch = { steps: 0, loss: 0 };
      this.#figures = { ...this.#figures, stepsTaken: firstStep, steps, epochs, stages: stages.length };
    } else if (event.kind === "stage") {
      const { stage, patchSize, batchSize } = event.stage;
      this.#recent = { samples: 0, waitedMs: 0, ms: 0 };
      const { samplesPerSecond, waitingShare, ...rest } = this.#figures;
      this.#figures = { ...rest, stage, patchSize, batchSize };
    } else if (event.kind === "step") this.#steps(rowOf(event.step, this.#figures.batchSize));
    else if (event.kind === "steps") this.#steps(event.steps);
    else if (event.kind === "epoch") {
      const { epoch, loss, smoothedPseudoDice, learningRate, secondsLeft } = event.epoch;
      this.#epoch = { steps: 0, loss: 0 };
      const dice = smoothedPseudoDice === undefined ? {} : { pseudoDice: smoothedPseudoDice };
      this.#figures = { ...this.#figures, epoch, loss, learningRate, secondsLeft, ...dice };
    }
  }

  #steps(row: StepRow): void {
    const { firstStep, steps, stage, epoch, lossSum, learningRate, waitedMs, stepMs } = row;
    const { secondsLeft, ...rest } = this.#figures;
    this.#epoch = { steps: this.#epoch.steps + steps, loss: this.#epoch.loss + lossSum };
    this.#figures = {
      ...rest,
      stepsTaken: firstStep + steps,
      stage,
      epoch,
      loss: this.#epoch.loss / this.#epoch.steps,
      learningRate,
      ...(secondsLeft !== undefined && { secondsLeft: Math.max(0, secondsLeft - (waitedMs + stepMs) / 1000) }),
      ...this.#rate(row),
    };
    this.#isWarmingUp = false;
  }

  /** The first batch of an opened run is not of the rate: connecting and reading volumes are in its waiting. */
  #rate({ steps, samples, waitedMs, stepMs }: StepRow): Pick<TrainingFigures, "samplesPerSecond" | "waitingShare"> {
    if (this.#isWarmingUp) return {};
    const fade = FADE ** steps;
    const share = (1 - fade) / (1 - FADE) / steps; // of each step of the row, as if it were their mean
    const before = this.#recent;
    this.#recent = {
      samples: fade * before.samples + share * samples,
      waitedMs: fade * before.waitedMs + share * waitedMs,
      ms: fade * before.ms + share * (waitedMs + stepMs),
    };
    if (this.#recent.ms === 0) return {};
    return {
      samplesPerSecond: (1000 * this.#recent.samples) / this.#recent.ms,
      waitingShare: this.#recent.waitedMs / this.#recent.ms,
    };
  }
}
