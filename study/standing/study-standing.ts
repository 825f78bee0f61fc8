import type { TrainingStateName } from "../../trainer/index.js";
import type { RunResult, StudyPoint } from "../run-result.js";

/**
 * How a run of a study stands. waiting: nobody has begun it. finished, diverged: it has a result. Else as its training stands; unknown: its trainer
 * does not say.
 */
export type StudyRunState = "waiting" | "finished" | "diverged" | "unknown" | TrainingStateName;

/** A run of a study at one moment. */
export interface StudyRunStanding {
  readonly name: string;
  readonly point: StudyPoint;
  readonly state: StudyRunState;
  /** Why it diverged, failed or is unknown. */
  readonly message?: string;
  readonly stepsTaken: number;
  /** 0 before its training was opened. */
  readonly steps: number;
  readonly stage?: number;
  /** Mean Dice of the held-out cases of one that is finished, 0 of one that diverged. */
  readonly dice?: number;
  /** Moving average of the pseudo Dice of one that is trained. */
  readonly pseudoDice?: number;
  /** Seconds that it took, validation and evaluation among them. */
  readonly seconds?: number;
  /** Address of its trainer; "own" for the study's own. */
  readonly trainer?: string;
  /** Its id there. */
  readonly training?: string;
  /** The study's folder holds its history: see `StandingReader.folderOf`. */
  readonly isWatchable?: true;
  /** When its last event was written, in milliseconds since 1970; of the study's own trainer only. */
  readonly heardMs?: number;
}

/** A study at one moment. */
export interface StudyStanding {
  /** Name of its folder. */
  readonly name: string;
  /** In the order in which they are trained. */
  readonly runs: readonly StudyRunStanding[];
  /** Of all that is not done; absent before a run is done, and where all are. */
  readonly secondsLeft?: number;
  /** Whether there is a report; when it was written, in milliseconds since 1970. */
  readonly reportMs?: number;
}

/** Of a run that has a result. */
export function doneRun(name: string, result: RunResult): StudyRunStanding {
  const { point, outcome, message, meanDice, stages, trainingSeconds, forwardSeconds = 0 } = result;
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  return {
    ...{ name, point, state: outcome, stepsTaken: steps, steps },
    ...(message !== undefined && { message }),
    dice: meanDice,
    seconds: trainingSeconds + forwardSeconds,
  };
}

/** Points that differ in fold and seed alone take as long as each other; those of one network are the next best guess. */
const ALIKE: readonly (readonly (keyof StudyPoint)[])[] = [
  ["dataset", "network", "method", "strategy", "length"],
  ["dataset", "network", "length"],
  ["network"],
  [],
];

/** Seconds that all runs without a result take at `places` places, by the runs that are finished; undefined where there is none, or nothing is left. */
export function secondsLeft(runs: readonly StudyRunStanding[], places: number): number | undefined {
  const finished = runs.filter(({ state }) => state === "finished");
  const open = runs.filter(({ state }) => state !== "finished" && state !== "diverged");
  if (finished.length === 0 || open.length === 0) return undefined;
  const left = open.reduce((sum, { point, stepsTaken, steps }) => {
    const alike = ALIKE.map((axes) => finished.filter((one) => axes.every((axis) => one.point[axis] === point[axis])));
    const known = alike.find((some) => some.length > 0) ?? finished;
    const whole = known.reduce((total, { seconds = 0 }) => total + seconds, 0) / known.length;
    return sum + whole * (steps === 0 ? 1 : 1 - stepsTaken / steps);
  }, 0);
  return left / Math.min(places, open.length);
}
