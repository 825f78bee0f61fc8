import { join } from "node:path";
import type { StageDecision } from "../../plan/batch/stage-timeline.js";
import { appendJsonLines, readJsonLines } from "./json-lines.js";

const FILE = "timeline.jsonl";

/**
 * The stage decisions of one training and their one writer: append-only, in the run's folder, on disk before a decision is
 * announced. What they mean together is `StageTimeline`'s.
 */
export class DecisionLog {
  readonly #file: string;
  readonly #decisions: StageDecision[];

  /** Opens the log in `folder`, with what was decided there before. */
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
