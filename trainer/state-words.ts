import type { TrainingState } from "../proto/messages.js";

/** How a training may stand, in a word. */
export const TRAINING_STATES = ["queued", "running", "done", "stopped", "failed", "interrupted", "damaged"] as const;

/** One of `TRAINING_STATES`. */
export type TrainingStateName = (typeof TRAINING_STATES)[number];

/** The word for a state of the wire; one that a newer trainer may send stays as it came. */
export function stateWord(state: TrainingState): TrainingStateName {
  return state.replace("TRAINING_STATE_", "").toLowerCase() as TrainingStateName;
}
