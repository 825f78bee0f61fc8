import type { CheckpointWritten, StateChanged } from "../../proto/messages.js";
import { checkpointOf } from "../checkpoint-words.js";
import type { CheckpointName } from "../run-folder/checkpoint.js";
import type { ToldEvent, TrainingEvent } from "../run-folder/events.js";
import { stateWord, type TrainingStateName } from "../state-words.js";

/** What happens in a training, as its watchers are told: the wire's events, states and checkpoints in words. */
export type WatchedEvent =
  | Exclude<TrainingEvent, { kind: "state" | "checkpoint" }>
  | { readonly kind: "state"; readonly state: Omit<StateChanged, "state"> & { readonly state: TrainingStateName } }
  | {
      readonly kind: "checkpoint";
      readonly checkpoint: Omit<CheckpointWritten, "kind"> & { readonly kind: CheckpointName };
    };

/** The same, or steps in a row: what the watchers of a history in short are told. */
export type WatchedInShort = WatchedEvent | Extract<ToldEvent, { kind: "steps" }>;

/** An event in words. */
export function watchedEvent(event: TrainingEvent): WatchedEvent {
  switch (event.kind) {
    case "state":
      return { kind: "state", state: { ...event.state, state: stateWord(event.state.state) } };
    case "checkpoint": {
      const kind = checkpointOf(event.checkpoint.kind) ?? "latest";
      return { kind: "checkpoint", checkpoint: { ...event.checkpoint, kind } };
    }
    default:
      return event;
  }
}
