import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { stateWord, type TrainingStateName } from "../state-words.js";
import { EVENTS_FILE } from "./event-log.js";
import type { TrainingEvent } from "./events.js";
import { readLastJsonLine } from "./json-lines.js";
import { readStanding, type Standing } from "./standing.js";

/** How far a training has come, as its folder says. */
export interface TrainingOnDisk extends Standing {
  /** As its last event says: one whose process was killed is still "running". */
  readonly state: TrainingStateName;
  /** Why, where it failed. */
  readonly message?: string;
  /** When its last event was written, in milliseconds since 1970. */
  readonly writtenMs: number;
}

/**
 * Reads the beginning and the end of a training's events, and changes nothing: its trainer may go on meanwhile. Undefined where there are none
 * yet. Throws INPUT_DAMAGED.
 */
export function readTrainingOnDisk(folder: string): TrainingOnDisk | undefined {
  const file = join(folder, EVENTS_FILE);
  if (!existsSync(file)) return undefined;
  const last = readLastJsonLine<TrainingEvent>(file);
  if (last === undefined) return undefined;
  const { state, message } = last.kind === "state" ? last.state : { state: "TRAINING_STATE_RUNNING" as const };
  return {
    ...readStanding(file),
    state: stateWord(state),
    ...(message && { message }),
    writtenMs: statSync(file).mtimeMs,
  };
}
