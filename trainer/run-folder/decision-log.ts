import { join } from "node:path";
import { syncFolder } from "../../disk/write-file.js";
import type { StageDecision } from "../../plan/batch/stage-timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import { appendJsonLines, prepareJsonLines, readJsonLines } from "./json-lines.js";

export const DECISIONS_FILE = "timeline.jsonl";

/** A decision as it is written down. */
export interface LoggedDecision extends StageDecision {
  /** What made it, in one line. */
  readonly text: string;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

/** The stage decisions written down in a run's folder, in the order they were made. Throws INPUT_DAMAGED. */
export function readDecisions(folder: string): LoggedDecision[] {
  const file = join(folder, DECISIONS_FILE);
  const entries = readJsonLines<Partial<LoggedDecision> | null>(file);
  return entries.map((entry, index) => {
    // Those of before had no text.
    const { stage, fromStep, reason, hold, text = "" } = entry ?? {};
    const isWhole = isCount(stage) && isCount(fromStep) && typeof reason === "string" && typeof hold === "boolean";
    if (isWhole && typeof text === "string") return { stage, fromStep, reason, hold, text };
    const facts = { file, reason: `line ${index + 1} is no decision`, want: "a stage, a step, a reason, and hold" };
    throw new PatchstreamError({ code: "INPUT_DAMAGED", ...facts });
  });
}

/**
 * The stage decisions of one training and their one writer, the training's process: append-only, in the run's folder, on disk
 * before a decision is announced. What they mean together is `StageTimeline`'s.
 */
export class DecisionLog {
  readonly #file: string;
  readonly #decisions: LoggedDecision[];

  /** Opens the log in `folder`, with what was decided there before. Throws INPUT_DAMAGED. */
  constructor(folder: string) {
    this.#file = join(folder, DECISIONS_FILE);
    this.#decisions = readDecisions(folder);
    prepareJsonLines(this.#file);
    syncFolder(folder);
  }

  get decisions(): readonly LoggedDecision[] {
    return this.#decisions;
  }

  /** Returns when the decisions are on disk. Throws WRITE_FAILED, and nothing is decided then. */
  append(decisions: readonly LoggedDecision[]): void {
    if (decisions.length === 0) return;
    appendJsonLines(this.#file, decisions, { durable: true });
    this.#decisions.push(...decisions);
  }
}
