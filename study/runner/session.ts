import { PatchstreamError } from "../../plan/errors.js";
import { stepOfEpoch } from "../../plan/index.js";
import type { WatchedEvent } from "../../trainer/index.js";
import { secondsOf, trainingOperations } from "../spec/estimate.js";
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
    const { folder, machine } = this.#study;
    for (let run = this.#queue.take(trainer); run !== undefined; run = this.#queue.take(trainer)) {
      try {
        using _run = machine.isSingle ? undefined : folder.lockRun(run);
        // Another process may have done it since the study was opened.
        this.#end(run, folder.readResult(run) ?? (await this.#train(run, place)));
      } catch (error) {
        if (this.#options.signal.aborted || !(error instanceof PatchstreamError)) throw error;
        const { facts } = error;
        if (facts.code === "UNAVAILABLE" && facts.address !== folder.pathOf(run)) {
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
    const { name } = run;
    // The rest comes at the end of epochs, and of the run.
    const { training, whole } = sizeOf(run, this.#study);
    const share = training / whole;
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

/** Of each run that is not done. */
function sizesOf(study: OpenStudy): Map<string, number> {
  const open = study.runs.filter(({ name }) => !study.results.has(name));
  return new Map(open.map((run) => [run.name, sizeOf(run, study).whole]));
}

/** Estimated seconds of a run, and of its training; operations where no second is known. */
function sizeOf(
  { cost, point }: PreparedRun,
  { pace }: OpenStudy,
): { readonly training: number; readonly whole: number } {
  const seconds = pace && secondsOf(cost, point.network, pace);
  const operations = trainingOperations(cost);
  return seconds ?? { training: operations, whole: operations + cost.forward };
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
