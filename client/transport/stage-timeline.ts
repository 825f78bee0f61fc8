import { PatchstreamError } from "../../plan/errors.js";
import type { StageDecision } from "../types.js";
import type { RunShape } from "./run-shape.js";

/** What a server takes. */
const LONGEST_REASON = 200;

/** Which stage each step has: the schedule, and over it the trainer's decisions, the latest that covers a step first. */
export class StageTimeline {
  readonly #scheduled: (step: number) => number;
  readonly #decisions: StageDecision[];

  constructor(scheduled: (step: number) => number, decisions: readonly StageDecision[]) {
    this.#scheduled = scheduled;
    this.#decisions = [...decisions];
  }

  stageOf(step: number): number {
    return this.decided(step) ?? this.#scheduled(step);
  }

  /** The decided stage of a step, or undefined where the schedule holds. */
  decided(step: number): number | undefined {
    return this.#decisions.findLast(({ fromStep }) => fromStep <= step)?.stage;
  }

  add(decision: StageDecision): void {
    this.#decisions.push(decision);
  }
}

/** Where a change may begin: at the first step not delivered, or later. */
export interface ChangeBounds {
  readonly shape: Pick<RunShape, "stages" | "hasStage">;
  readonly firstUndelivered: number;
  readonly firstUnwanted: number;
}

/** The decision that a change amounts to. Throws STAGE_UNKNOWN, or STEP_PASSED for a step that was delivered. */
export function decide(
  change: { stage: number; fromStep?: number | "immediate"; reason: string },
  { shape, firstUndelivered, firstUnwanted }: ChangeBounds,
): StageDecision {
  const { stage, reason } = change;
  if (!shape.hasStage(stage)) throw new PatchstreamError({ code: "STAGE_UNKNOWN", stage, stages: shape.stages });
  if (reason.length > LONGEST_REASON)
    throw new PatchstreamError({
      code: "REQUEST_INVALID",
      field: "reason",
      got: `${reason.length} characters`,
      want: `at most ${LONGEST_REASON}`,
    });
  const fromStep = change.fromStep === "immediate" ? firstUndelivered : (change.fromStep ?? firstUnwanted);
  if (!Number.isInteger(fromStep) || fromStep < 0)
    throw new PatchstreamError({ code: "REQUEST_INVALID", field: "fromStep", got: fromStep, want: "a step" });
  if (fromStep < firstUndelivered)
    throw new PatchstreamError(
      { code: "STEP_PASSED", step: fromStep, delivered: firstUndelivered - 1 },
      `Name step ${firstUndelivered} or a later one.`,
    );
  return { stage, fromStep, reason };
}
