import type { RunResult } from "../run-result.js";

/** What happens in a study. `secondsLeft`: of all runs; absent before there is anything to tell it by. */
export type StudyEvent = { readonly done: number; readonly runs: number; readonly secondsLeft?: number } & (
  | { readonly kind: "started"; readonly run: string; readonly goesOn: boolean; readonly trainer: string }
  | { readonly kind: "step"; readonly run: string; readonly stepsTaken: number; readonly steps: number }
  | {
      readonly kind: "epoch";
      readonly run: string;
      readonly stepsTaken: number;
      readonly steps: number;
      readonly loss: number;
      readonly pseudoDice?: number;
    }
  | {
      readonly kind: "ended";
      readonly run: string;
      readonly outcome: RunResult["outcome"] | "failed";
      readonly meanDice?: number;
      /** Why it diverged or failed. */
      readonly message?: string;
    }
);

/** A `StudyEvent` before how far the study is was added. */
export type RunEvent = StudyEvent extends infer Event
  ? Event extends StudyEvent
    ? Omit<Event, "done" | "runs" | "secondsLeft">
    : never
  : never;
