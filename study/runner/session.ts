import { PatchstreamError } from "../../plan/errors.js";
import { stepOfEpoch } from "../../plan/index.js";
import type { WatchedEvent } from "../../trainer/index.js";
import { secondsOf } from "../spec/estimate.js";
import type { EnergyMeter } from "./energy-meter.js";
import type { OpenStudy } from "./open-study.js";
import type { Place } from "./places.js";
import type { PreparedRun } from "./prepare-runs.js";
import { RunQueue } from "./run-queue.js";
import { StudyClock } from "./study-clock.js";
import type { RunEvent, StudyEvent } from "./study-events.js";
import { type RunOutcome, trainRun } from "./train-run.js";

export interface SessionOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: StudyEvent) => void;
  readonly meter: EnergyMeter | undefined;
}

/** The runs of a study that one process trains, from when it is started until it ends. */
export class Session {
  readonly #study: OpenStudy;
  readonly #options: SessionOptions;
  readonly #queue: RunQueue;
  readonly #clock: StudyClock;
  readonly #outcomes: Map<string, RunOutcome>;
  readonly #gone = new Map<string, PatchstreamError>();

  constructor(study: OpenStudy, options: SessionOptions) {
    this.#study = study;
    this.#options = options;
    this.#queue = new RunQueue(study);
    const nowMs = () => performance.now();
    this.#clock = new StudyClock(sizesOf(study), { estimatedSeconds: study.secondsLeft, nowMs });
    this.#outcomes = new Map(study.results);
  }

  /** By name of run, those of before among them. */
  get outcomes(): ReadonlyMap<string, RunOutcome> {
    return this.#outcomes;
  }

  /** Why each trainer that does not answer any more does not. */
  get gone(): ReadonlyMap<string, PatchstreamError> {
    return this.#gone;
  }

  /** Trains the runs at these places until there is none left for any that answers. Throws the signal's reason when it aborts. */
  async work(places: readonly Place[]): Promise<void> {
    for (let there = places; there.some(({ trainer }) => this.#queue.has(trainer)); ) {
      await Promise.all(there.map((place) => this.#workAt(place)));
      there = there.filter(({ trainer }) => !this.#gone.has(trainer));
    }
  }

  async #workAt(place: Place): Promise<void> {
    const { trainer } = place;
    for (let run = this.#queue.take(trainer); run !== undefined; run = this.#queue.take(trainer)) {
      try {
        this.#end(run, await this.#train(run, place));
      } catch (error) {
        if (this.#options.signal.aborted || !(error instanceof PatchstreamError)) throw error;
        if (error.code === "UNAVAILABLE") {
          this.#queue.giveBack(run);
          this.#gone.set(trainer, error);
          return;
        }
        this.#end(run, { outcome: "failed", message: error.message });
      }
    }
  }

  #train(run: PreparedRun, place: Place): Promise<RunOutcome> {
    const { signal, meter } = this.#options;
    const { name, cost } = run;
    // The rest comes at the end of epochs, and of the run.
    const share = cost.training / (cost.training + cost.forward);
    return trainRun(run, place, {
      folder: this.#study.folder,
      ...{ meter, signal },
      onStarted: (before) => {
        this.#clock.done(name, (before ?? 0) * share, true);
        this.#tell({ kind: "started", run: name, goesOn: before !== undefined, trainer: place.trainer });
      },
      onEvent: (event) => {
        const told = eventOfRun(run, event);
        if (told === undefined) return;
        this.#clock.done(name, (share * told.stepsTaken) / told.steps);
        this.#tell(told);
      },
    });
  }

  #end(run: PreparedRun, outcome: RunOutcome): void {
    if (outcome.outcome !== "failed") this.#study.folder.writeResult(run, outcome);
    this.#outcomes.set(run.name, outcome);
    this.#clock.done(run.name, 1);
    this.#tell({ kind: "ended", run: run.name, ...endOf(outcome) });
  }

  #tell(event: RunEvent): void {
    const { secondsLeft } = this.#clock;
    const { runs } = this.#study;
    const left = secondsLeft === undefined ? {} : { secondsLeft };
    this.#options.onEvent({ ...event, done: this.#outcomes.size, runs: runs.length, ...left });
  }
}

/** Of each run that is not done: its estimated seconds, or its operations where no second is known. */
function sizesOf({ runs, results, pace }: OpenStudy): Map<string, number> {
  const open = runs.filter(({ name }) => !results.has(name));
  return new Map(
    open.map(({ name, cost, point }) => [
      name,
      (pace && secondsOf(cost, point.network, pace)) ?? cost.training + cost.forward,
    ]),
  );
}

/** What the study tells of an event of a run's training; undefined where that is nothing. */
function eventOfRun(
  { name, spec }: PreparedRun,
  event: WatchedEvent,
): Extract<RunEvent, { kind: "step" | "epoch" }> | undefined {
  const steps = stepOfEpoch(spec, spec.epochs);
  if (event.kind === "step") return { kind: "step", run: name, stepsTaken: event.step.step + 1, steps };
  if (event.kind !== "epoch") return undefined;
  const { stepsTaken, loss, meanPseudoDice } = event.epoch;
  const dice = meanPseudoDice === undefined ? {} : { pseudoDice: meanPseudoDice };
  return { kind: "epoch", run: name, stepsTaken, steps, loss, ...dice };
}

function endOf(outcome: RunOutcome) {
  if (outcome.outcome === "failed") return outcome;
  const { outcome: how, meanDice, message } = outcome;
  return { outcome: how, meanDice, ...(message !== undefined && { message }) };
}
