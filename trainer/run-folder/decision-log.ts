import { join } from "node:path";
import type { StageDecision } from "../../client/types.js";
import { type Scheduled, scheduledStage, stepOfStage } from "../../plan/curriculum/schedule.js";
import { appendJsonLines, readJsonLines } from "./json-lines.js";

const FILE = "timeline.jsonl";

/** The stage of `step`: the newest decision that reaches it, or else the scheduled one. */
export function stageAt(spec: Scheduled, decisions: readonly StageDecision[], step: number): number {
  return decisions.findLast(({ fromStep }) => fromStep <= step)?.stage ?? scheduledStage(spec, step);
}

/**
 * The scheduled transitions that lie ahead of a stage held from `fromStep` on: later ones to a later stage. A stage set by
 * hand therefore holds until the schedule has passed it. None when stages are drawn at random for each step.
 */
export function scheduledAfter(spec: Scheduled, held: { stage: number; fromStep: number }): StageDecision[] {
  if (spec.stageOrder === "random") return [];
  return spec.stages
    .map((_, stage) => ({ stage, fromStep: stepOfStage(spec, stage), reason: "scheduled" }))
    .filter(({ stage, fromStep }) => stage > held.stage && fromStep > held.fromStep);
}

/**
 * The stage timeline of one training and its one writer: append-only, in the run's folder, on disk before a decision is
 * announced. Later decisions override earlier ones from their step on.
 */
export class StageTimeline {
  readonly #file: string;
  readonly #decisions: StageDecision[];

  /** Opens the timeline in `folder`, with what was decided there before. */
  constructor(folder: string) {
    this.#file = join(folder, FILE);
    this.#decisions = readJsonLines<StageDecision>(this.#file);
  }

  get decisions(): readonly StageDecision[] {
    return this.#decisions;
  }

  /** Returns when the decisions are on disk. Throws WRITE_FAILED, and nothing is decided then. */
  append(decisions: readonly StageDecision[]): void {
    if (decisions.length === 0) return;
    appendJsonLines(this.#file, decisions, { durable: true });
    this.#decisions.push(...decisions);
  }
}
