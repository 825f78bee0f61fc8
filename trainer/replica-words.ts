import type { ReplicaState as ReplicaWord } from "../client/types.js";
import type { ReplicaState } from "../proto/messages.js";

/** A data server's state on the wire. */
export function replicaStateOf(word: ReplicaWord): ReplicaState {
  return `REPLICA_STATE_${word.toUpperCase()}` as ReplicaState;
}

/** The word for a state of the wire; one that a newer trainer may send stays as it came. */
export function replicaWord(state: ReplicaState): ReplicaWord {
  return state.replace("REPLICA_STATE_", "").toLowerCase() as ReplicaWord;
}
