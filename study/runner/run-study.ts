import { PatchstreamError } from "../../plan/errors.js";
import { stepOfEpoch } from "../../plan/index.js";
import type { WatchedEvent } from "../../trainer/index.js";
import type { RunResult } from "../run-result.js";
import { secondsOf } from "../spec/estimate.js";
import { openMachineMeter } from "./machine-meter.js";
import type { OpenStudy } from "./open-study.js";
import { type Place, Places } from "./places.js";
import type { PreparedRun } from "./prepare-runs.js";
import { StudyClock } from "./study-clock.js";
import type { RunEvent, StudyEvent } from "./study-events.js";
import { type RunOutcome, trainRun } from "./train-run.js";

/** How a study ended: each run has a result, or is in one of the lists. */
export interface StudyOutcome {
  readonly finished: number;
  readonly diverged: number;
  readonly failed: readonly { readonly run: string; readonly message: string }[];
  /** Runs that were not trained, since no trainer was left. */
  readonly left: readonly string[];
}

export interface RunStudyOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: StudyEvent) => void;
}

/**
 * Trains every run of a study that has no result yet: as many at a time as there are places, in order. One that fails does not stop the others, and neither does
 * a trainer that is gone while another is there. Throws the signal's reason when it aborts; each run can go on then.
 */
export async function runStudy(study: OpenStudy, { signal, onEvent }: RunStudyOptions): Promise<StudyOutcome> {
  const { spec, folder, runs, results } = study;
  signal.throwIfAborted();
  const { trainers, atOnce } = spec;
  const queue = new RunQueue(study);
  const outcomes = new Map<string, RunOutcome>(results);
  const clock = new StudyClock(sizesOf(study), { estimatedSeconds: study.secondsLeft, nowMs: () => performance.now() });
  const tell = (event: RunEvent) => {
    const { secondsLeft } = clock;
    const done = runs.filter(({ name }) => outcomes.has(name)).length;
    onEvent({ ...event, done, runs: runs.length, ...(secondsLeft !== undefined && { secondsLeft }) });
  };
  if (results.size === runs.length) return { ...summary(outcomes), left: [] };
  await using places = await Places.open(trainers, {
    atOnce,
    folder: folder.trainings,
    startService: study.startService,
    signal,
  });
  // Two runs at a time, or one elsewhere: then nobody knows whose energy it was.
  using meter = trainers.length === 0 && atOnce === 1 ? await openMachineMeter() : undefined;
  /** By the trainer that does not answer any more. */
  const gone = new Map<string, unknown>();
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);

  const work = async (place: Place): Promise<void> => {
    for (let run = queue.take(place.trainer); run !== undefined; run = queue.take(place.trainer)) {
      const { name: id } = run;
      const share = trainShare(run);
      const onRunEvent = (event: WatchedEvent) => {
        const told = eventOfRun(run, event);
        if (told === undefined) return;
        clock.done(id, (share * told.stepsTaken) / told.steps);
        tell(told);
      };
      try {
        const outcome = await trainRun(run, place, {
          folder,
          meter,
          signal: stopped,
          onEvent: onRunEvent,
          onStarted(before) {
            clock.done(id, (before ?? 0) * share, true);
            tell({ kind: "started", run: id, goesOn: before !== undefined, trainer: place.trainer });
          },
        });
        outcomes.set(id, outcome);
        if (outcome.outcome !== "failed") folder.writeResult(run, outcome);
        clock.done(id, 1);
        tell({ kind: "ended", run: id, ...endOf(outcome) });
      } catch (error) {
        if (stopped.aborted || !(error instanceof PatchstreamError)) throw error;
        if (error.code === "UNAVAILABLE") {
          queue.giveBack(run);
          gone.set(place.trainer, error);
          return;
        }
        outcomes.set(id, { outcome: "failed", message: error.message });
        tell({ kind: "ended", run: id, outcome: "failed", message: error.message });
      }
    }
  };
  const workAll = async (): Promise<void> => {
    for (let there = places.all; there.some(({ trainer }) => queue.has(trainer)); ) {
      await Promise.all(there.map(work));
      there = there.filter(({ trainer }) => !gone.has(trainer));
    }
  };
  const working = workAll();
  try {
    await Promise.race([working, places.lost, study.lost]);
  } catch (error) {
    stop.abort(error);
    await working.catch(() => undefined); // each says the same: why it was stopped
    signal.throwIfAborted();
    throw error;
  }
  const left = runs.filter(({ name }) => !outcomes.has(name)).map(({ name }) => name);
  if (left.length > 0 && outcomes.size === results.size) for (const error of gone.values()) throw error;
  return { ...summary(outcomes), left };
}

/** The runs that wait. One that was begun at a trainer goes on there, unless the study does not have that trainer any more. */
class RunQueue {
  readonly #waiting: { readonly run: PreparedRun; readonly trainer: string | undefined }[];

  constructor({ runs, results, folder, spec }: OpenStudy) {
    this.#waiting = runs
      .filter(({ name }) => !results.has(name))
      .map((run) => {
        const trainer = folder.readStarted(run)?.trainer;
        return { run, trainer: trainer !== undefined && spec.trainers.includes(trainer) ? trainer : undefined };
      });
  }

  has(trainer: string): boolean {
    return this.#find(trainer) >= 0;
  }

  #find(trainer: string): number {
    return this.#waiting.findIndex((one) => one.trainer === undefined || one.trainer === trainer);
  }

  take(trainer: string): PreparedRun | undefined {
    const at = this.#find(trainer);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.run;
  }

  /** For another trainer. */
  giveBack(run: PreparedRun): void {
    this.#waiting.unshift({ run, trainer: undefined });
  }
}

/** The share of a run's operations that its training steps are; the rest comes at the end of epochs, and of the run. */
function trainShare({ cost }: PreparedRun): number {
  return cost.training / (cost.training + cost.forward);
}

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

function summary(outcomes: ReadonlyMap<string, RunOutcome>): Omit<StudyOutcome, "left"> {
  const all = [...outcomes];
  const count = (how: RunResult["outcome"]) => all.filter(([, { outcome }]) => outcome === how).length;
  return {
    finished: count("finished"),
    diverged: count("diverged"),
    failed: all.flatMap(([run, one]) => (one.outcome === "failed" ? [{ run, message: one.message }] : [])),
  };
}
