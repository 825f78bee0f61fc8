import type { ClassDice } from "../proto/messages.js";
import type { WatchedEvent } from "./client/events.js";
import type { TrainingEvent } from "./run-folder/events.js";

/** One stage as it went. */
export interface StageSummary {
  readonly stage: number;
  /** Z,Y,X. */
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly steps: number;
  /** Steps and waiting, the first batch of each opened run apart. */
  readonly seconds: number;
  /** Waiting for batches as a share of `seconds`, 0 to 1. */
  readonly waitingShare: number;
  /** A second of `seconds`. */
  readonly samplesPerSecond: number;
  /** Mean over its steps. */
  readonly loss: number;
  /** Operations of its steps; 0 where the trainer does not count them. */
  readonly flops: number;
  /** Moving average of the pseudo Dice after its last epoch; absent without validation. */
  readonly pseudoDice?: number;
}

/** A training in short. */
export interface TrainingSummary {
  readonly stages: readonly StageSummary[];
  readonly steps: number;
  readonly seconds: number;
  /** Operations of all steps; 0 where the trainer does not count them. */
  readonly flops: number;
  /**
   * `flops` and `seconds` as a share of what as many steps of the last scheduled stage cost, which a constant patch takes: the curriculum's relative
   * FLOPs and runtime. Absent where that stage had no step, or nothing is counted.
   */
  readonly relative?: { readonly flops?: number; readonly seconds: number };
  /** Milliseconds that the first batch of each opened run took to come: connecting, and reading volumes from disk. */
  readonly warmUpMs: number;
  readonly cases: readonly { readonly case: string; readonly classes: readonly ClassDice[] }[];
  readonly classes: readonly ClassDice[];
  /** Mean over the foreground classes; absent before the evaluation. */
  readonly meanDice?: number;
}

interface StageTally {
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  steps: number;
  waitedMs: number;
  stepMs: number;
  lossSum: number;
  samples: number;
  pseudoDice?: number;
}

/** Folds a training's events into what a person wants to know of it; `summary` may be asked for at any time. */
export class SummaryTally {
  readonly #stages = new Map<number, StageTally>();
  /** Operations of a step of each scheduled stage. */
  #stepFlops: readonly number[] = [];
  #current: StageTally | undefined;
  #warmingUp = true;
  #warmUpMs = 0;
  readonly #cases: { case: string; classes: readonly ClassDice[] }[] = [];
  #classes: readonly ClassDice[] = [];
  #meanDice: number | undefined;

  /** Takes an event into the summary. */
  add(event: WatchedEvent | TrainingEvent): void {
    if (event.kind === "opened") {
      this.#warmingUp = true;
      this.#stepFlops = event.opened.stages.map(({ flops }) => flops);
    } else if (event.kind === "stage") this.#enter(event.stage);
    else if (event.kind === "step") this.#step(event.step);
    else if (event.kind === "epoch") {
      const dice = event.epoch.smoothedPseudoDice;
      if (this.#current && dice !== undefined) this.#current.pseudoDice = dice;
    } else if (event.kind === "caseEvaluated") {
      this.#cases.push({ case: event.caseEvaluated.case, classes: event.caseEvaluated.classes });
    } else if (event.kind === "evaluated") {
      this.#classes = event.evaluated.classes;
      this.#meanDice = event.evaluated.meanDice;
    }
  }

  #enter({ stage, patchSize, batchSize }: Pick<StageTally, "stage" | "patchSize" | "batchSize">): void {
    const fresh = { stage, patchSize, batchSize, steps: 0, waitedMs: 0, stepMs: 0, lossSum: 0, samples: 0 };
    this.#current = this.#stages.get(stage) ?? fresh;
    this.#stages.set(stage, this.#current);
  }

  #step({ waitedMs, stepMs, loss }: { waitedMs: number; stepMs: number; loss: number }): void {
    const tally = this.#current;
    if (!tally) return;
    tally.steps++;
    tally.stepMs += stepMs;
    tally.lossSum += loss;
    tally.samples += tally.batchSize;
    if (this.#warmingUp) this.#warmUpMs += waitedMs;
    else tally.waitedMs += waitedMs;
    this.#warmingUp = false;
  }

  get summary(): TrainingSummary {
    const tallies = [...this.#stages.values()].filter(({ steps }) => steps > 0);
    const stages = tallies.map(
      ({ stage, patchSize, batchSize, steps, waitedMs, stepMs, lossSum, samples, pseudoDice }) => ({
        stage,
        patchSize,
        batchSize,
        steps,
        seconds: (waitedMs + stepMs) / 1000,
        waitingShare: waitedMs / (waitedMs + stepMs),
        samplesPerSecond: (1000 * samples) / (waitedMs + stepMs),
        loss: lossSum / steps,
        flops: steps * (this.#stepFlops[stage] ?? 0),
        ...(pseudoDice !== undefined && { pseudoDice }),
      }),
    );
    const total = (of: (stage: StageSummary) => number) => stages.reduce((sum, stage) => sum + of(stage), 0);
    const sums = { steps: total(({ steps }) => steps), seconds: total(({ seconds }) => seconds) };
    const flops = total((one) => one.flops);
    const last = stages.find(({ stage }) => stage === this.#stepFlops.length - 1);
    return {
      stages,
      ...sums,
      flops,
      ...(last && { relative: relativeTo(last, { ...sums, flops }) }),
      warmUpMs: this.#warmUpMs,
      cases: this.#cases,
      classes: this.#classes,
      ...(this.#meanDice !== undefined && { meanDice: this.#meanDice }),
    };
  }
}

function relativeTo(
  last: StageSummary,
  { steps, seconds, flops }: Pick<TrainingSummary, "steps" | "seconds" | "flops">,
): NonNullable<TrainingSummary["relative"]> {
  const times = steps / last.steps;
  return { ...(last.flops > 0 && { flops: flops / (times * last.flops) }), seconds: seconds / (times * last.seconds) };
}
