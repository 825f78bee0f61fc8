import { PatchstreamError } from "../errors.js";
import type { StageOrder } from "../run-spec/resolved-spec.js";
import type { Timeline } from "./address.js";
import { scheduledStageOf, type TimelineSpec } from "./timeline.js";

/**
 * The trainer's decision that `stage` holds from step `fromStep` on. What becomes of the schedule is part of it: with `hold` the
 * stage holds to the end; without, until the schedule reaches a later stage, which goes on from there.
 */
export interface StageDecision {
  readonly stage: number;
  readonly fromStep: number;
  /** Why: manual, plateau, ...; at most 200 characters. */
  readonly reason: string;
  readonly hold: boolean;
}

/** The longest reason that a decision has, in characters. */
export const LONGEST_REASON = 200;

/** Far more decisions than any curriculum has. Each takes a few bytes while its stream is open. */
export const MOST_DECISIONS = 4096;

/** A change of stage as it is asked for. What is left out is filled in where it is known how far the run is. */
export interface StageProposal {
  readonly stage: number;
  /** Default: the first step not wanted yet. `immediate`: the first step not delivered yet. */
  readonly fromStep?: number | "immediate";
  readonly reason: string;
  /** Default: false. */
  readonly hold?: boolean;
}

/** The schedule that decisions are made over. */
export interface Schedule {
  /** Stages in order, so that a later one is a higher number, or drawn for each step. */
  readonly order: StageOrder;
  stageOf(step: number): number;
}

/** The schedule of one timeline of a run. */
export function scheduleOf(spec: TimelineSpec, timeline: Timeline): Schedule {
  return { order: spec.stageOrder, stageOf: (step) => scheduledStageOf(spec, timeline, step) };
}

/**
 * Which stage each step has: by the schedule, and over it by the newest decision that covers the step. The list of decisions
 * has one writer, the trainer. Everyone with the same list gives every step the same stage.
 */
export class StageTimeline {
  readonly #schedule: Schedule;
  /** Ascending in `fromStep`: a decision ends every earlier one that began at its step or later. */
  #decisions: StageDecision[] = [];

  constructor(schedule: Schedule, decisions: readonly StageDecision[] = []) {
    this.#schedule = schedule;
    for (const decision of decisions) this.add(decision);
  }

  /** The decisions that still matter, ascending in `fromStep`. */
  get decisions(): readonly StageDecision[] {
    return this.#decisions;
  }

  /** The stage of a step: decided, or else scheduled. */
  stageOf(step: number): number {
    return this.decided(step)?.stage ?? this.#schedule.stageOf(step);
  }

  /** The decision that a step's stage rests on; undefined where the schedule holds. */
  decided(step: number): StageDecision | undefined {
    const newest = this.#decisions.findLast(({ fromStep }) => fromStep <= step);
    return newest !== undefined && this.#holds(newest, step) ? newest : undefined;
  }

  /** Throws LIMIT_EXCEEDED when more decisions still matter than any run makes. */
  add(decision: StageDecision): void {
    const kept = this.#decisions.filter(({ fromStep }) => fromStep < decision.fromStep);
    if (kept.length === MOST_DECISIONS)
      throw new PatchstreamError({
        code: "LIMIT_EXCEEDED",
        limit: "max_stage_decisions",
        got: MOST_DECISIONS + 1,
        max: MOST_DECISIONS,
      });
    this.#decisions = [...kept, decision];
  }

  /** The first step up to `steps` (outside) at which the schedule goes on after `decision`; undefined where it never does. */
  resumes(decision: StageDecision, steps: number): number | undefined {
    if (this.#holds(decision, steps - 1)) return undefined;
    let [holding, resumed] = [decision.fromStep, steps - 1];
    while (resumed - holding > 1) {
      const middle = Math.floor((holding + resumed) / 2);
      if (this.#holds(decision, middle)) holding = middle;
      else resumed = middle;
    }
    return resumed;
  }

  /**
   * Whether a decision still covers a step. Scheduled stages are numbered in order: the schedule goes on at the first step
   * whose stage is later than both the decided one and the one scheduled at `fromStep`.
   */
  #holds({ stage, fromStep, hold }: StageDecision, step: number): boolean {
    if (hold || this.#schedule.order === "random") return true;
    return this.#schedule.stageOf(step) <= Math.max(stage, this.#schedule.stageOf(fromStep));
  }
}
