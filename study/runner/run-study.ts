import type { RunResult } from "../run-result.js";
import { openMachineMeter } from "./machine-meter.js";
import type { OpenStudy } from "./open-study.js";
import { Places } from "./places.js";
import { Session } from "./session.js";
import type { StudyEvent } from "./study-events.js";
import type { RunOutcome } from "./train-run.js";

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
  const { spec, runs, results, startService, machine } = study;
  const { trainers, atOnce } = spec;
  signal.throwIfAborted();
  if (results.size === runs.length) return { ...summary(results), left: [] };
  const { trainings, threads, isSingle } = machine;
  await using places = await Places.open(trainers, { atOnce, folder: trainings, threads, startService, signal });
  // Two runs at a time, one elsewhere, others on the machine: then nobody knows whose energy it was.
  using meter = trainers.length === 0 && atOnce === 1 && !isSingle ? await openMachineMeter() : undefined;
  const stop = new AbortController();
  const session = new Session(study, { signal: AbortSignal.any([signal, stop.signal]), onEvent, meter });
  const working = session.work(places.all);
  try {
    await Promise.race([working, places.lost, study.lost]);
  } catch (error) {
    stop.abort(error);
    await working.catch(() => undefined); // each says the same: why it was stopped
    signal.throwIfAborted();
    throw error;
  }
  const { outcomes, gone } = session;
  const left = runs.filter(({ name }) => !outcomes.has(name)).map(({ name }) => name);
  if (left.length > 0 && outcomes.size === results.size) for (const error of gone.values()) throw error;
  return { ...summary(outcomes), left };
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
