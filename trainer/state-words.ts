import type { TrainingState } from "../proto/messages.js";

/** How a training stands, in a word. */
export type TrainingStateName = "queued" | "running" | "done" | "stopped" | "failed" | "interrupted" | "damaged";

/** The word for a state of the wire; one that a newer trainer may send stays as it came. */
export function stateWord(state: TrainingState): TrainingStateName {
  return state.replace("TRAINING_STATE_", "").toLowerCase() as TrainingStateName;
}
